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
  ENUM,
  HUGEINT,
  INTEGER,
  LIST,
  listValue,
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
  const columns = Object.entries(table.columns).map(([column, { sql }]) => ({ column, sql, store: storage(sql) }))
  const ddl = columns.map(({ column, sql }) => `${quotedIdentifier(column)} ${sql}`).join(', ')
  await connection.run(`CREATE TEMP TABLE ${quotedIdentifier(name)} (${ddl})`)
  try {
    const appender = await connection.createAppender(name, 'main', 'temp')
    let pending: Readonly<Record<string, unknown>>[] = []
    let count = 0
    const flush = () => {
      if (pending.length === 0) return
      const stored = columns.map(({ column, store }) => store(pending.map((row) => row[column] ?? null)))
      const types = stored.map(({ type }) => type)
      const chunk = DuckDBDataChunk.create(types, pending.length)
      for (const [index, { values }] of stored.entries()) chunk.setColumnValues(index, values)
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

/** A column's values of one chunk as DuckDB's client wants them; the appender casts `type` to the column's own. */
interface Stored {
  readonly type: DuckDBType
  readonly values: readonly DuckDBValue[]
}

type Storage = (values: readonly unknown[]) => Stored

const storage = (sql: string): Storage => {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(sql)
  if (decimal !== null) return decimalStorage(Number(decimal[1]), Number(decimal[2]))
  const found = storages[sql]
  if (found === undefined) throw new Error(`${sql} is not a type of schemas/column.ts; add it to infra/stage_rows.ts`)
  return found
}

const asIs =
  (type: DuckDBType): Storage =>
  (values) => ({ type, values: values as DuckDBValue[] })

const converted =
  (type: DuckDBType, convert: (value: unknown) => DuckDBValue): Storage =>
  (values) => ({ type, values: values.map((value) => (value === null ? null : convert(value))) })

const surrogate = /[\ud800-\udfff]/

/**
 * Most of the cost of staging is that every string is a call of its own, so strings that repeat are handed over once, as an ENUM.
 * Not so NUL, where an ENUM's value ends, and surrogates, which all become one value where they are not paired.
 */
const textStorage: Storage = (values) => asIs(repeatsOnly(values) ?? VARCHAR)(values)

const repeatsOnly = (values: readonly unknown[]): DuckDBType | undefined => {
  const distinct = new Set<string>()
  for (const value of values) {
    if (typeof value !== 'string' || distinct.has(value)) continue
    if (value.includes('\u0000') || surrogate.test(value)) return undefined
    distinct.add(value)
    // An ENUM's values are written and read back one by one: it has to be much shorter than the column.
    if (distinct.size > values.length / 16) return undefined
  }
  return distinct.size === 0 ? undefined : ENUM([...distinct])
}

const storages: Readonly<Record<string, Storage>> = {
  VARCHAR: textStorage,
  BOOLEAN: asIs(BOOLEAN),
  INTEGER: asIs(INTEGER),
  BIGINT: asIs(BIGINT),
  DOUBLE: asIs(DOUBLE),
  'VARCHAR[]': converted(LIST(VARCHAR), (value) => listValue([...(value as readonly string[])])),
  TIMESTAMPTZ: converted(TIMESTAMPTZ, (value) => new DuckDBTimestampTZValue(BigInt((value as Date).getTime()) * 1000n)),
}

const decimalStorage = (width: number, scale: number): Storage =>
  // What fits its column without a fraction is appended as it is, without a value object each.
  scale === 0
    ? asIs(HUGEINT)
    : converted(DECIMAL(width, scale), (value) => new DuckDBDecimalValue(scaled(String(value), scale), width, scale))

/** `-12.5` at scale 3 is -12500: exact, by digits. */
const scaled = (text: string, scale: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.')
  if (fraction.length > scale) throw new Error(`${text} has more than ${scale} decimals`)
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
