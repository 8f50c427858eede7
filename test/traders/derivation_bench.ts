import { DuckDBInstance } from '@duckdb/node-api'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import { Session } from '../../infra/lake/session.js'
import type { Source, Table } from '../../schemas/table.js'

/** An in-memory DuckDB in which tables are filled by hand, or by their SELECTs as they stand. One thread, so that equal input gives equal rows. */
export class DerivationBench {
  private constructor(
    readonly session: Session,
    private readonly parameters: Readonly<Record<string, string | number>>,
  ) {}

  static async open(parameters: Readonly<Record<string, string | number>>): Promise<DerivationBench> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    return new DerivationBench(new Session(await instance.connect()), parameters)
  }

  /** Fills a table with the rows of a SELECT that has its columns. */
  async fill(table: Table, select: string): Promise<void> {
    const columns = Object.entries(table.columns).map(([name, { sql }]) => `${name}::${sql} AS ${name}`)
    await this.session.run(
      `CREATE OR REPLACE TEMP TABLE ${relationOf(table)} AS SELECT ${columns.join(', ')} FROM (${select})`,
    )
  }

  /** Derives a table from what its sources hold, read under other names where `instead` says so. */
  async derive(table: Table, instead: Readonly<Record<string, string>> = {}): Promise<string> {
    const select = await this.#select(table, instead)
    return `(SELECT ${Object.keys(table.columns).join(', ')} FROM (${select}))`
  }

  async #select({ name, derive }: Source, instead: Readonly<Record<string, string>>): Promise<string> {
    if (derive === undefined) throw new Error(`${name} is not derived`)
    const sources: Record<string, string> = {}
    for (const [alias, from] of Object.entries(derive.from)) {
      sources[alias] =
        'schema' in from ? (instead[from.name] ?? relationOf(from)) : await this.#intermediate(from, instead)
    }
    return derive.select(sources).replaceAll(/\$(\w+)/g, (_, parameter: string) => literal(this.parameters[parameter]))
  }

  async #intermediate(source: Source, instead: Readonly<Record<string, string>>): Promise<string> {
    const name = quotedIdentifier(`on the way ${source.name}`)
    await this.session.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${await this.#select(source, instead)}`)
    return name
  }
}

export const relationOf = ({ name }: Table): string => quotedIdentifier(`filled ${name}`)

const literal = (value: string | number | undefined): string => {
  if (value === undefined) throw new Error('a parameter has no value')
  return typeof value === 'number' ? String(value) : `'${value}'`
}
