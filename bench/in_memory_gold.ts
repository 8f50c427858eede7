import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api'
import { stageRows } from '../infra/stage_rows.js'
import type { Row, Source, Table } from '../schemas/table.js'
import { goldDefaults } from '../schemas/traders/gold/rules.js'

/** The traders' derivations on a plain in-memory DuckDB: the SELECTs as they stand, without a lake. */
export class InMemoryGold {
  readonly #relations = new Map<Source, string>()

  private constructor(
    readonly connection: DuckDBConnection,
    private readonly parameters: Readonly<Record<string, string | number>>,
  ) {}

  static async open(
    asOf: string,
    thresholds: Readonly<Record<string, number>> = {},
    threads = '2',
  ): Promise<InMemoryGold> {
    const connection = await (await DuckDBInstance.create(':memory:', { threads })).connect()
    await connection.run("SET TimeZone = 'UTC'")
    return new InMemoryGold(connection, { ...goldDefaults, ...thresholds, as_of: asOf })
  }

  /** Gives a table its rows, instead of deriving it. */
  async load<T extends Table>(table: T, rows: Iterable<Row<T>>): Promise<void> {
    const name = `loaded ${table.name}`
    await stageRows(this.connection, name, table, rows)
    this.#relations.set(table, `"${name}"`)
  }

  /** The name of the relation that holds a table or an intermediate, derived with all that it needs. */
  async relation(source: Source): Promise<string> {
    const existing = this.#relations.get(source)
    if (existing !== undefined) return existing
    const { derive } = source
    if (derive === undefined) throw new Error(`${source.name} has neither rows nor a derivation`)
    const relations: Record<string, string> = {}
    for (const [alias, from] of Object.entries(derive.from)) relations[alias] = await this.relation(from)
    const bound = Object.fromEntries((derive.parameters ?? []).map((name) => [name, this.parameters[name] ?? null]))
    const name = `"derived ${source.name}"`
    await this.connection.run(`CREATE TEMP TABLE ${name} AS ${derive.select(relations)}`, bound)
    this.#relations.set(source, name)
    return name
  }

  async rows(sql: string): Promise<Record<string, Json>[]> {
    return (await this.connection.runAndReadAll(sql)).getRowObjectsJson()
  }

  close(): void {
    this.connection.closeSync()
  }
}
