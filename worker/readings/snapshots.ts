import { InvalidInput } from '../../infra/errors.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import { recordsOfCommit } from '../../schemas/meta/dataset_record.js'

export interface SnapshotsRequest {
  readonly limit: number
  /** Only snapshots that changed this table. */
  readonly table?: string
  /** Only snapshots up to this one. */
  readonly upTo?: number
}

/** A snapshot: when, who, which step of which run; `rows` it wrote, by table. */
export type SnapshotReading = JsonRow & { readonly rows: Record<string, number> }

/** The newest snapshots, newest first. Throws InvalidInput where there is no such table. */
export const readSnapshots = async (
  session: Session,
  { limit, table, upTo }: SnapshotsRequest,
): Promise<SnapshotReading[]> => {
  const ids = table === undefined ? undefined : await tableIds(session, table)
  const rows = await session.all(
    `
    SELECT s.snapshot_id, s.snapshot_time, s.author, s.commit_message AS message, c.step, c.logical_run, c.workflow_id, c.undone_by, ${recordsOfCommit} AS datasets
    FROM lake.snapshots() AS s
    LEFT JOIN (SELECT *, ${madeSnapshotId} AS made FROM lake.meta.commits) AS c ON c.made = s.snapshot_id
    WHERE ($up_to IS NULL OR s.snapshot_id <= $up_to) ${ids === undefined ? '' : `AND ${changed('s.changes', ids)}`}
    ORDER BY s.snapshot_id DESC LIMIT $limit`,
    { limit: BigInt(limit), up_to: upTo === undefined ? null : BigInt(upTo) },
  )
  return rows.map(({ datasets = null, ...row }) => ({ ...row, rows: rowCounts(datasets) }))
}

const rowCounts = (datasets: unknown): Record<string, number> => {
  if (typeof datasets !== 'string') return {}
  const records: { dataset: string; row_count: number }[] = JSON.parse(datasets)
  return Object.fromEntries(records.map(({ dataset, row_count }) => [dataset, row_count]))
}

/** The catalog's numbers of a table: one, unless it was dropped and made again. */
const tableIds = async (session: Session, table: string): Promise<number[]> => {
  const rows = await session.all(
    `
    SELECT t.table_id FROM __ducklake_metadata_lake.ducklake_table AS t
    JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
    WHERE s.schema_name || '.' || t.table_name = $table`,
    { table },
  )
  if (rows.length === 0)
    throw new InvalidInput(`--table is "${table}": the lake has no such table; npx tributary tables lists them`)
  return rows.map(({ table_id }) => Number(table_id))
}

/** Whether one of the tables stands among a snapshot's changes, where schemas and views have numbers of their own. */
const changed = (changes: string, ids: readonly number[]): string =>
  `len(list_filter(map_entries(${changes}), lambda each: NOT regexp_matches(each.key, 'schema|view|macro|created')
    AND list_has_any(each.value, [${ids.map((id) => `'${id}'`).join(', ')}]))) > 0`
