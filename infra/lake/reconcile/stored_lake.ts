import { inLake } from '../identifier.js'
import type { Session } from '../session.js'
import type { ColumnShape } from './shape.js'

export interface StoredTable {
  readonly columns: ReadonlyMap<string, ColumnShape>
  /** As a definition would write them: `bucket(16, wallet_address)`. */
  readonly partitionedBy: readonly string[]
  readonly sortedBy: readonly string[]
}

/** A row of meta.schema_versions. */
export interface StoredVersion {
  readonly major: number
  readonly minor: number
  readonly hash: string
  /** JSON. */
  readonly shape: string
  readonly createdAt: string
}

/** What the catalog holds, as reconciliation compares it with the definitions. */
export interface StoredLake {
  readonly tables: ReadonlyMap<string, StoredTable>
  /** Their SQL by name. */
  readonly views: ReadonlyMap<string, string>
  /** Of each table and view, oldest first. */
  readonly versions: ReadonlyMap<string, readonly StoredVersion[]>
  /** The tables that meta.datasets has. */
  readonly datasets: ReadonlySet<string>
}

export const readStoredLake = async (session: Session): Promise<StoredLake> => {
  const tables = await storedTables(session)
  const views = await session.all(
    `SELECT schema_name || '.' || view_name AS name, sql FROM duckdb_views() WHERE database_name = 'lake'`,
  )
  return {
    tables,
    views: new Map(views.map(({ name, sql }) => [String(name), String(sql)])),
    versions: tables.has('meta.schema_versions') ? await storedVersions(session) : new Map(),
    datasets: tables.has('meta.datasets') ? await storedDatasets(session) : new Set(),
  }
}

const storedTables = async (session: Session): Promise<Map<string, StoredTable>> => {
  const rows = await session.all(`
    SELECT c.schema_name || '.' || c.table_name AS table_name, c.column_name, c.data_type, c.is_nullable
    FROM duckdb_columns() AS c
    SEMI JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
    WHERE c.database_name = 'lake' ORDER BY c.column_index`)
  const [partitions, sorts] = [await storedPartitions(session), await storedSorts(session)]
  const columns = new Map<string, Map<string, ColumnShape>>()
  for (const { table_name, column_name, data_type, is_nullable } of rows) {
    const name = String(table_name)
    const known = columns.get(name) ?? new Map<string, ColumnShape>()
    columns.set(name, known.set(String(column_name), { type: String(data_type), nullable: is_nullable === true }))
  }
  return new Map(
    [...columns].map(([name, shapes]) => [
      name,
      { columns: shapes, partitionedBy: partitions.get(name) ?? [], sortedBy: sorts.get(name) ?? [] },
    ]),
  )
}

const catalog = '__ducklake_metadata_lake'
const currentTables = `
  ${catalog}.ducklake_table AS t JOIN ${catalog}.ducklake_schema AS s USING (schema_id)`
const current = `t.end_snapshot IS NULL AND s.end_snapshot IS NULL`

const storedPartitions = async (session: Session): Promise<Map<string, string[]>> => {
  const rows = await session.all(`
    SELECT s.schema_name || '.' || t.table_name AS table_name, p.transform, c.column_name
    FROM ${currentTables}
    JOIN ${catalog}.ducklake_partition_info AS i ON i.table_id = t.table_id AND i.end_snapshot IS NULL
    JOIN ${catalog}.ducklake_partition_column AS p ON p.partition_id = i.partition_id AND p.table_id = t.table_id
    JOIN ${catalog}.ducklake_column AS c
      ON c.table_id = t.table_id AND c.column_id = p.column_id AND c.end_snapshot IS NULL
    WHERE ${current} ORDER BY p.partition_key_index`)
  return grouped(
    rows.map((row) => [String(row['table_name']), transform(String(row['transform']), String(row['column_name']))]),
  )
}

/** The catalog says `identity`, `month` or `bucket(16)`, and the column beside it. */
const transform = (name: string, column: string): string => {
  if (name === 'identity') return column
  return name.endsWith(')') ? `${name.slice(0, -1)}, ${column})` : `${name}(${column})`
}

const storedSorts = async (session: Session): Promise<Map<string, string[]>> => {
  const rows = await session.all(`
    SELECT s.schema_name || '.' || t.table_name AS table_name, e.expression
    FROM ${currentTables}
    JOIN ${catalog}.ducklake_sort_info AS i ON i.table_id = t.table_id AND i.end_snapshot IS NULL
    JOIN ${catalog}.ducklake_sort_expression AS e ON e.sort_id = i.sort_id AND e.table_id = t.table_id
    WHERE ${current} ORDER BY e.sort_key_index`)
  return grouped(rows.map((row) => [String(row['table_name']), String(row['expression']).replaceAll('"', '')]))
}

const storedVersions = async (session: Session): Promise<Map<string, StoredVersion[]>> => {
  const rows = await session.all(`
    SELECT dataset, major_version, minor_version, schema_hash, shape, created_at
    FROM ${inLake('meta.schema_versions')} ORDER BY major_version, minor_version`)
  return grouped(
    rows.map((row) => [
      String(row['dataset']),
      {
        major: Number(row['major_version']),
        minor: Number(row['minor_version']),
        hash: String(row['schema_hash']),
        shape: String(row['shape']),
        createdAt: String(row['created_at']),
      },
    ]),
  )
}

const storedDatasets = async (session: Session): Promise<Set<string>> => {
  const rows = await session.all(`SELECT lake_table FROM ${inLake('meta.datasets')}`)
  return new Set(rows.map(({ lake_table }) => String(lake_table)))
}

const grouped = <Value>(pairs: readonly (readonly [string, Value])[]): Map<string, Value[]> => {
  const groups = new Map<string, Value[]>()
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value])
  return groups
}
