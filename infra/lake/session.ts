import type { DuckDBConnection, DuckDBValue, Json } from '@duckdb/node-api'
import { CommitOutcomeUnknown } from '../errors.js'

export type Parameters = Record<string, DuckDBValue>
export type JsonRow = Record<string, Json>

/** One connection for one piece of work. Its temporary tables end with it. */
export class Session {
  constructor(readonly connection: DuckDBConnection) {}

  /** Runs one statement; `parameters` are bound as `$name`. Resolves to the number of rows it changed. */
  async run(sql: string, parameters?: Parameters): Promise<number> {
    return (await this.connection.run(sql, parameters)).rowsChanged
  }

  /** All rows, lossless and JSON-ready: integers beyond 32 bits, decimals and timestamps are strings. */
  async all(sql: string, parameters?: Parameters): Promise<JsonRow[]> {
    return (await this.connection.runAndReadAll(sql, parameters)).getRowObjectsJson()
  }

  /** The first row, which must be there. */
  async one(sql: string, parameters?: Parameters): Promise<JsonRow> {
    const [row] = await this.all(sql, parameters)
    if (row === undefined) throw new Error(`no row: ${sql.slice(0, 200)}`)
    return row
  }

  /**
   * Runs `work` between BEGIN and COMMIT. An error in `work` rolls back, always: after a runtime error DuckDB's COMMIT resolves
   * and has rolled back. An error of COMMIT itself is wrapped as `CommitOutcomeUnknown`.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN')
    let result: T
    try {
      result = await work()
    } catch (error) {
      await this.run('ROLLBACK').catch(() => undefined)
      throw error
    }
    try {
      await this.run('COMMIT')
    } catch (cause) {
      await this.run('ROLLBACK').catch(() => undefined)
      throw new CommitOutcomeUnknown(cause instanceof Error ? cause.message : String(cause), { cause })
    }
    return result
  }
}
