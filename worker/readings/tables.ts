import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Domain } from '../../schemas/domain.js'
import { datasets } from '../../schemas/meta/datasets.js'
import { meta } from '../../schemas/meta/index.js'
import type { Table } from '../../schemas/table.js'

export interface TableReading {
  readonly table: string
  readonly dataset: string
  /** Of its shape in the lake, `major.minor`; NULL where the lake does not have it yet. */
  readonly version: string | null
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly key: string
  readonly grain: string
}

/** Every table that is defined: its dataset and version in the lake, its rows, files and bytes, and what a row of it is. */
export const readTables = async (
  session: Session,
  domains: readonly Domain[],
  rowsOf: (table: Table) => string = ({ name }) => inLake(name),
): Promise<TableReading[]> => {
  const tables = [meta, ...domains.flatMap(({ stages }) => stages)].flatMap(({ tables }) => tables)
  const stored = await session.all(`
    SELECT s.schema_name || '.' || i.table_name AS name, i.file_count, i.file_size_bytes
    FROM ducklake_table_info('lake') AS i
    JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
    WHERE s.end_snapshot IS NULL`)
  const files = new Map(stored.map((row) => [String(row['name']), row]))
  const named = await session.all(
    `SELECT lake_table, name, major_version || '.' || minor_version AS version FROM ${inLake(datasets.name)}`,
  )
  const versions = new Map(named.map((row) => [String(row['lake_table']), row]))
  const counts = await session.one(
    `SELECT ${tables.map((table, index) => `(SELECT count(*) FROM ${rowsOf(table)}) AS "${index}"`).join(', ')}`,
  )
  return tables.map((table, index) => {
    const info = files.get(table.name)
    const version = versions.get(table.name)
    return {
      table: table.name,
      dataset: String(version?.['name'] ?? table.dataset.name),
      version: version === undefined ? null : String(version['version']),
      rows: Number(counts[String(index)]),
      files: Number(info?.['file_count'] ?? 0),
      bytes: Number(info?.['file_size_bytes'] ?? 0),
      key: table.key.join(', '),
      grain: table.grain,
    }
  })
}
