import { atSnapshot } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import type { Row } from '../../schemas/table.js'

export type LoadState = Row<typeof loadStates>

/** The loads that a run has planned, in the order of their batches. */
export const plannedLoads = async (
  session: Session,
  { asOf, snapshotId }: { readonly asOf: string; readonly snapshotId: number },
): Promise<LoadState[]> => {
  const rows = await session.all(
    `SELECT *, epoch_ms(delivered_at) AS delivered_ms, epoch_ms(load_start_time) AS started_ms
    FROM ${atSnapshot(loadStates.name, snapshotId)} WHERE logical_run = $logical_run AND status = 'started'
    ORDER BY account_id, billing_month, export_name, version_id`,
    { logical_run: asOf },
  )
  return rows.map(toLoadState)
}

const toLoadState = (row: JsonRow): LoadState => {
  const textIn = (name: string) => String(row[name])
  const count = row['manifest_record_count']
  return {
    version_id: textIn('version_id'),
    account_id: textIn('account_id'),
    export_name: textIn('export_name'),
    billing_month: textIn('billing_month'),
    logical_run: textIn('logical_run'),
    manifest_path: textIn('manifest_path'),
    delivered_at: new Date(Number(row['delivered_ms'])),
    content_fingerprint: textIn('content_fingerprint'),
    status: 'started',
    load_start_time: new Date(Number(row['started_ms'])),
    load_end_time: null,
    record_count: null,
    manifest_record_count: count === null || count === undefined ? null : BigInt(String(count)),
    total_cost: null,
    currency: null,
    file_paths: Array.isArray(row['file_paths']) ? row['file_paths'].map(String) : [],
    source_columns: [],
    unknown_columns: [],
    dropped_columns: [],
    error: null,
  }
}
