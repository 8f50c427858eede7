import type { Table } from '../../schemas/table.js'
import { InvalidInput } from '../errors.js'
import { contentHash } from './content_hash.js'
import { atSnapshot, quotedIdentifier } from './identifier.js'
import type { Session } from './session.js'

/** Whether and how tables were stored at a snapshot: the names of their columns, by table. */
export const storedColumnsAt = async (session: Session, snapshotId: number): Promise<Map<string, Set<string>>> => {
  const rows = await session.all(
    `
    SELECT s.schema_name || '.' || t.table_name AS table_name, c.column_name
    FROM __ducklake_metadata_lake.ducklake_table AS t
    JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
    JOIN __ducklake_metadata_lake.ducklake_column AS c USING (table_id)
    WHERE ${['t', 's', 'c'].map(existsAt).join(' AND ')} AND c.parent_column IS NULL`,
    { at: BigInt(snapshotId) },
  )
  const tables = new Map<string, Set<string>>()
  for (const { table_name, column_name } of rows) {
    const columns = tables.get(String(table_name)) ?? new Set<string>()
    tables.set(String(table_name), columns.add(String(column_name)))
  }
  return tables
}

const existsAt = (alias: string): string =>
  `${alias}.begin_snapshot <= $at AND coalesce(${alias}.end_snapshot > $at, true)`

/**
 * A SELECT of a table as it was at a snapshot, with today's columns and types: columns it did not have are NULL, and so it has no
 * rows where it did not exist. Throws InvalidInput where it lacked a column of its key or one that needs a value.
 */
export const tableAt = (table: Table, snapshotId: number, stored: ReadonlySet<string> | undefined): string => {
  const missing = (name: string) => stored !== undefined && !stored.has(name)
  const needed = Object.entries(table.columns).find(
    ([name, { nullable }]) => missing(name) && (!nullable || table.key.includes(name)),
  )
  if (needed !== undefined) {
    throw new InvalidInput(
      `${table.name} had no column ${needed[0]} at snapshot ${snapshotId}, and its rows need one now: choose a later snapshot`,
    )
  }
  const columns = Object.entries(table.columns).map(([name, { sql }]) => {
    const value = stored?.has(name) === true ? quotedIdentifier(name) : 'NULL'
    return `${value}::${sql} AS ${quotedIdentifier(name)}`
  })
  return stored === undefined
    ? `SELECT ${columns.join(', ')} WHERE false`
    : `SELECT ${columns.join(', ')} FROM ${atSnapshot(table.name, snapshotId)}`
}

/** How many rows a SELECT of a table has, and a hash of them, whatever their order: the one that receipts carry. */
export const contentOf = async (
  session: Session,
  table: Table,
  select: string,
): Promise<{ rows: number; hash: string }> => {
  const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
  const { rows, hash } = await session.one(`SELECT count(*) AS rows, ${contentHash(columns)} AS hash FROM (${select})`)
  return { rows: Number(rows), hash: String(hash) }
}
