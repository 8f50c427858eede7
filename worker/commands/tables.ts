import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Domain } from '../../schemas/domain.js'
import { datasets } from '../../schemas/meta/datasets.js'
import { meta } from '../../schemas/meta/index.js'
import { count } from '../format.js'
import type { Output } from '../output.js'

/** Prints every table that is defined: its dataset and version in the lake, its rows, files and bytes, and what a row of it is. */
export const printTables = async (session: Session, output: Output, domains: readonly Domain[]): Promise<void> => {
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
  const rows = []
  for (const table of tables) {
    const { n } = await session.one(`SELECT count(*) AS n FROM ${inLake(table.name)}`)
    const info = files.get(table.name)
    rows.push({
      table: table.name,
      dataset: versions.get(table.name)?.['name'] ?? table.dataset.name,
      version: versions.get(table.name)?.['version'] ?? null,
      rows: Number(n),
      files: Number(info?.['file_count'] ?? 0),
      bytes: Number(info?.['file_size_bytes'] ?? 0),
      key: table.key.join(', '),
      grain: table.grain,
    })
  }
  if (output.json) return output.rows(rows)
  output.rows(rows.map((row) => ({ ...row, rows: count(row.rows), bytes: count(row.bytes) })))
}
