import { quotedIdentifier } from './identifier.js'
import type { Session } from './session.js'

/** The current files of one table. */
export interface TableFiles {
  /** `<domain>_<layer>.<table>` */
  readonly table: string
  readonly files: number
  readonly bytes: number
  /** Files below `smallFileBytes`. */
  readonly smallFiles: number
  /** Rows in the files, deleted ones among them. */
  readonly rows: number
  readonly deletedRows: number
  /** The largest share of deleted rows that one file has. */
  readonly deletedShare: number
  /** Rows kept in the catalog instead of in a file, dead ones among them. */
  readonly inlinedRows: number
}

/** A file below this costs a reader more to open than to read: merging is for these. */
export const smallFileBytes = 8 * 1024 ** 2

/** Counts the current files of every table, from the catalog alone. */
export const measureTables = async (session: Session): Promise<TableFiles[]> => {
  const rows = await session.all(
    `
    WITH stored AS (
      SELECT table_id, schema_name || '.' || table_name AS name
      FROM __ducklake_metadata_lake.ducklake_table AS t
      JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
      WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL
    ), deleted AS (
      SELECT data_file_id, sum(delete_count) AS deleted_rows
      FROM __ducklake_metadata_lake.ducklake_delete_file WHERE end_snapshot IS NULL GROUP BY data_file_id
    ), file AS (
      SELECT table_id, count(*) AS files, sum(file_size_bytes) AS bytes, sum(record_count) AS rows,
        count(*) FILTER (WHERE file_size_bytes < $small) AS small_files, sum(deleted_rows) AS deleted_rows,
        max(deleted_rows / record_count) AS deleted_share
      FROM __ducklake_metadata_lake.ducklake_data_file LEFT JOIN deleted USING (data_file_id)
      WHERE end_snapshot IS NULL GROUP BY table_id
    )
    SELECT name, table_id, files, bytes, small_files, rows, deleted_rows, deleted_share
    FROM stored LEFT JOIN file USING (table_id)
    ORDER BY name`,
    { small: BigInt(smallFileBytes) },
  )
  const inlined = await inlinedRows(session)
  return rows.map((row) => ({
    table: String(row['name']),
    files: Number(row['files'] ?? 0),
    bytes: Number(row['bytes'] ?? 0),
    smallFiles: Number(row['small_files'] ?? 0),
    rows: Number(row['rows'] ?? 0),
    deletedRows: Number(row['deleted_rows'] ?? 0),
    deletedShare: Number(row['deleted_share'] ?? 0),
    inlinedRows: inlined.get(String(row['table_id'])) ?? 0,
  }))
}

/** By table id. A table has an inlined one for each version of its schema. */
const inlinedRows = async (session: Session): Promise<Map<string, number>> => {
  const tables = await session.all(
    'SELECT table_id, table_name FROM __ducklake_metadata_lake.ducklake_inlined_data_tables',
  )
  if (tables.length === 0) return new Map()
  const counts = tables.map(
    ({ table_id, table_name }) =>
      `SELECT ${Number(table_id)} AS table_id, count(*) AS n FROM __ducklake_metadata_lake.${quotedIdentifier(String(table_name))}`,
  )
  const rows = await session.all(
    `SELECT table_id, sum(n)::BIGINT AS n FROM (${counts.join(' UNION ALL ')}) GROUP BY table_id`,
  )
  return new Map(rows.map(({ table_id, n }) => [String(table_id), Number(n)]))
}

/** `postgres` or `duckdb`. */
export const catalogKind = async (session: Session): Promise<string> =>
  String((await session.one(`SELECT catalog_type FROM ducklake_settings('lake')`))['catalog_type'])
