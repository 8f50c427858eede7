import { catalogTable } from './catalog_copy.js'
import { contentHash } from './content_hash.js'
import { quotedIdentifier, quotedLiteral } from './identifier.js'
import type { Session } from './session.js'

/** What a table held: its rows, and a hash of them, whatever their order. */
export interface TableContent {
  readonly rows: number
  readonly hash: string
}

/** Every table's content at one snapshot, by name. */
export interface SnapshotContent {
  readonly snapshotId: number
  readonly tables: Readonly<Record<string, TableContent>>
}

/** Snapshots, oldest first: the newest, the oldest and some evenly between, at most so many. */
export const sampleSnapshots = async (session: Session, alias: string, count: number): Promise<number[]> => {
  const rows = await session.all(
    `SELECT snapshot_id FROM ${catalogTable(alias, 'ducklake_snapshot')} ORDER BY snapshot_id`,
  )
  const all = rows.map(({ snapshot_id }) => Number(snapshot_id))
  if (all.length <= count) return all
  const at = (index: number) => all[Math.round((index * (all.length - 1)) / Math.max(1, count - 1))] ?? 0
  return count === 1 ? all.slice(-1) : [...new Set(Array.from({ length: count }, (_, index) => at(index)))]
}

/** Reads every table of the attached lake as it was at a snapshot, and hashes all of it. */
export const contentAt = async (session: Session, alias: string, snapshotId: number): Promise<SnapshotContent> => {
  const found = await session.all(
    `
    SELECT s.schema_name, t.table_name
    FROM ${catalogTable(alias, 'ducklake_table')} AS t JOIN ${catalogTable(alias, 'ducklake_schema')} AS s USING (schema_id)
    WHERE t.begin_snapshot <= $at AND coalesce(t.end_snapshot > $at, true)
      AND s.begin_snapshot <= $at AND coalesce(s.end_snapshot > $at, true)
    ORDER BY ALL`,
    { at: BigInt(snapshotId) },
  )
  const selects = found.map(({ schema_name, table_name }) => {
    const name = [alias, String(schema_name), String(table_name)].map(quotedIdentifier).join('.')
    const label = quotedLiteral(`${schema_name}.${table_name}`)
    const at = `AT (VERSION => ${Math.trunc(snapshotId)})`
    return `SELECT ${label} AS name, count(*) AS n, ${contentHash('t')} AS hash FROM ${name} AS t ${at}`
  })
  const rows = selects.length === 0 ? [] : await session.all(selects.join(' UNION ALL '))
  const tables = Object.fromEntries(
    rows.map((row) => [String(row['name']), { rows: Number(row['n']), hash: String(row['hash']) }]),
  )
  return { snapshotId, tables }
}

/** One line for each table that differs. */
export const contentDifferences = (expected: SnapshotContent, actual: SnapshotContent): string[] => {
  const names = [...new Set([...Object.keys(expected.tables), ...Object.keys(actual.tables)])].sort()
  const text = (content: TableContent | undefined) =>
    content === undefined ? 'no such table' : `${content.rows} rows with hash ${content.hash}`
  return names.flatMap((name) => {
    const [before, after] = [text(expected.tables[name]), text(actual.tables[name])]
    return before === after ? [] : [`${name} at snapshot ${expected.snapshotId}: ${before} became ${after}`]
  })
}
