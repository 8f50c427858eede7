import type { Session } from './session.js'

/** The current data files of one table. Rows still inlined in the catalog are in none. */
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
}

/** A file below this costs a reader more to open than to read: merging is for these. */
export const smallFileBytes = 8 * 1024 ** 2

/** Counts the current files of these tables, from the catalog alone. A table that is not there yet is left out. */
export const measureTables = async (session: Session, tables: readonly string[]): Promise<TableFiles[]> => {
  const rows = await session.all(
    `
    WITH stored AS (
      SELECT table_id, schema_name || '.' || table_name AS name
      FROM __ducklake_metadata_lake.ducklake_table AS t
      JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
      WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL
    ), file AS (
      SELECT table_id, count(*) AS files, sum(file_size_bytes) AS bytes, sum(record_count) AS rows,
        count(*) FILTER (WHERE file_size_bytes < $small) AS small_files
      FROM __ducklake_metadata_lake.ducklake_data_file WHERE end_snapshot IS NULL GROUP BY table_id
    ), deleted AS (
      SELECT table_id, sum(delete_count) AS deleted_rows
      FROM __ducklake_metadata_lake.ducklake_delete_file WHERE end_snapshot IS NULL GROUP BY table_id
    )
    SELECT name, files, bytes, small_files, rows, deleted_rows
    FROM stored LEFT JOIN file USING (table_id) LEFT JOIN deleted USING (table_id)
    ORDER BY name`,
    { small: BigInt(smallFileBytes) },
  )
  return rows
    .filter(({ name }) => tables.includes(String(name)))
    .map((row) => ({
      table: String(row['name']),
      files: Number(row['files'] ?? 0),
      bytes: Number(row['bytes'] ?? 0),
      smallFiles: Number(row['small_files'] ?? 0),
      rows: Number(row['rows'] ?? 0),
      deletedRows: Number(row['deleted_rows'] ?? 0),
    }))
}
