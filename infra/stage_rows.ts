import {
  BIGINT,
  BOOLEAN,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api'
import type { Row, Table } from '../schemas/table.js'
import { quotedIdentifier } from './lake/identifier.js'

/** DuckDB's vector size: the most rows one chunk holds. */
const chunkRows = 2048

/**
 * Creates the temporary table `name` with the columns of `table` and fills it with `rows`, which must have been validated by
 * `table.row`. Resolves to the number of rows; on an error no table is left. Rows are taken as they come, alone or by the page
 * (which is faster), so that a long source is held only a chunk at a time.
 */
export const stageRows = async <T extends Table>(
  connection: DuckDBConnection,
  name: string,
  table: T,
  rows: Iterable<Row<T> | readonly Row<T>[]> | AsyncIterable<Row<T> | readonly Row<T>[]>,
): Promise<number> => {
  const columns = Object.entries(table.columns).map(([column, { sql }]) => ({ column, sql, ...storage(sql) }))
  const ddl = columns.map(({ column, sql }) => `${quotedIdentifier(column)} ${sql}`).join(', ')
  await connection.run(`CREATE TEMP TABLE ${quotedIdentifier(name)} (${ddl})`)
  try {
    const appender = await connection.createAppender(name, 'main', 'temp')
    let pending: Readonly<Record<string, unknown>>[] = []
    let count = 0
    const flush = () => {
      if (pending.length === 0) return
      const chunk = DuckDBDataChunk.create(
        columns.map(({ type }) => type),
        pending.length,
      )
      for (const [index, { column, stored }] of columns.entries()) {
        chunk.setColumnValues(
          index,
          pending.map((row) => {
            const value = row[column]
            return value === null || value === undefined ? null : stored(value)
          }),
        )
      }
      appender.appendDataChunk(chunk)
      count += pending.length
      pending = []
    }
    for await (const some of rows) {
      const page: readonly Row<T>[] = isPage(some) ? some : [some]
      for (const row of page) if (pending.push(row) === chunkRows) flush()
    }
    flush()
    appender.closeSync()
    return count
  } catch (error) {
    await connection.run(`DROP TABLE IF EXISTS ${quotedIdentifier(name)}`).catch(() => undefined)
    throw error
  }
}

const isPage = <R>(some: R | readonly R[]): some is readonly R[] => Array.isArray(some)

interface Storage {
  readonly type: DuckDBType
  /** The row's value as DuckDB's client wants it. */
  readonly stored: (value: unknown) => DuckDBValue
}

const asIs = (value: unknown): DuckDBValue => value as DuckDBValue

const storage = (sql: string): Storage => {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(sql)
  if (decimal !== null) return decimalStorage(Number(decimal[1]), Number(decimal[2]))
  const found = storages[sql]
  if (found === undefined) throw new Error(`${sql} is not a type of schemas/column.ts; add it to infra/stage_rows.ts`)
  return found
}

const storages: Readonly<Record<string, Storage>> = {
  VARCHAR: { type: VARCHAR, stored: asIs },
  BOOLEAN: { type: BOOLEAN, stored: asIs },
  INTEGER: { type: INTEGER, stored: asIs },
  BIGINT: { type: BIGINT, stored: asIs },
  DOUBLE: { type: DOUBLE, stored: asIs },
  TIMESTAMPTZ: {
    type: TIMESTAMPTZ,
    stored: (value) => new DuckDBTimestampTZValue(BigInt((value as Date).getTime()) * 1000n),
  },
}

const decimalStorage = (width: number, scale: number): Storage => ({
  type: DECIMAL(width, scale),
  stored: (value) =>
    new DuckDBDecimalValue(
      typeof value === 'bigint' ? value * 10n ** BigInt(scale) : scaled(String(value), scale),
      width,
      scale,
    ),
})

/** `-12.5` at scale 3 is -12500: exact, by digits. */
const scaled = (text: string, scale: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.')
  if (fraction.length > scale) throw new Error(`${text} has more than ${scale} decimals`)
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
