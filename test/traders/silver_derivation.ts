import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api'
import type { Row, Source, Table } from '../../schemas/table.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'

export type Swap = Row<typeof transactionHistory>
export type TokenMetric = Row<typeof tokenMetrics>
export type SilverRows = Readonly<Record<string, Record<string, Json>[]>>

/** An in-memory DuckDB in which the silver SELECTs run as they stand, without a lake. */
export class SilverBench {
  private constructor(readonly connection: DuckDBConnection) {}

  static async open(): Promise<SilverBench> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await instance.connect()
    for (const table of [transactionHistory, tokenMetrics]) {
      const columns = Object.entries(table.columns).map(([name, { sql }]) => `${name} ${sql}`)
      await connection.run(
        `CREATE SCHEMA IF NOT EXISTS ${table.schema}; CREATE TABLE ${table.name} (${columns.join(', ')})`,
      )
    }
    return new SilverBench(connection)
  }

  async load(swaps: readonly Swap[], metrics: readonly TokenMetric[] = []): Promise<void> {
    await this.replace(transactionHistory, swaps)
    await this.replace(tokenMetrics, metrics)
  }

  private async replace(table: Table, rows: readonly Record<string, unknown>[]): Promise<void> {
    await this.connection.run(`TRUNCATE ${table.name}`)
    const tuples = rows.map(
      (row) =>
        `(${Object.keys(table.columns)
          .map((name) => literal(row[name]))
          .join(', ')})`,
    )
    if (tuples.length > 0) await this.connection.run(`INSERT INTO ${table.name} VALUES ${tuples.join(', ')}`)
  }

  /** Derives the stage, whole, and answers each table's rows in the order of its key. */
  async derive(asOf: string): Promise<SilverRows> {
    const derived = new Map<Source, string>()
    const relation = async (source: Source): Promise<string> => {
      const existing = derived.get(source)
      if (existing !== undefined) return existing
      const { derive } = source
      if (derive === undefined) return source.name
      const sources: Record<string, string> = {}
      for (const [alias, from] of Object.entries(derive.from)) sources[alias] = await relation(from)
      const name = `"derived ${source.name}"`
      const parameters = Object.fromEntries((derive.parameters ?? []).map((parameter) => [parameter, asOf]))
      await this.connection.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${derive.select(sources)}`, parameters)
      derived.set(source, name)
      return name
    }
    const rows: Record<string, Record<string, Json>[]> = {}
    for (const table of tradersSilver.tables) {
      const name = await relation(table)
      const columns = Object.entries(table.columns).map(([column, { sql }]) => `${column}::${sql} AS ${column}`)
      rows[table.name] = await this.query(`SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${table.key.join(', ')}`)
    }
    return rows
  }

  /** The names of the blocking checks of a derived table that some row breaks. */
  async brokenChecks(table: Table): Promise<string[]> {
    const checks = Object.entries(table.checks).filter(([, { severity }]) => severity === 'blocking')
    const counts = checks.map(([name, { offending }]) => `(${offending})::INTEGER AS "${name}"`)
    const [row = {}] = await this.query(`SELECT ${counts.join(', ')} FROM "derived ${table.name}"`)
    return Object.entries(row).flatMap(([name, offending]) => (offending === 0 ? [] : [name]))
  }

  async query(sql: string): Promise<Record<string, Json>[]> {
    return (await this.connection.runAndReadAll(sql)).getRowObjectsJson()
  }
}

const literal = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return `'${value.toISOString()}'`
  if (typeof value === 'number') return `'${value}'::DOUBLE`
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}

let serial = 0
export const sol = 'So11111111111111111111111111111111111111112'
export const token = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263'

/** A swap of `token` (base, 6 decimals) for SOL (quote) at 150 USD, each in a transaction of its own, unless told otherwise. */
export const swap = (given: Partial<Swap> = {}): Swap => {
  serial += 1
  return {
    ...transactionHistory.example,
    wallet_address: 'wallet',
    tx_hash: `tx${String(serial).padStart(9, '0')}`,
    ins_index: 0,
    block_time: new Date('2026-11-01T00:00:00Z'),
    block_number: 1n,
    base_address: token,
    base_decimals: 6,
    base_change_raw: 1_000_000n,
    base_price_usd: null,
    quote_address: sol,
    quote_decimals: 9,
    quote_change_raw: -1_000_000_000n,
    quote_price_usd: 150,
    volume_usd: null,
    ...given,
  }
}
