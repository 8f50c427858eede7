import type { Session } from '../../infra/lake/session.js'
import { differingRows, diffTable, type RowDiff } from '../../infra/lake/table_diff.js'
import { storedColumnsAt, tableAt } from '../../infra/lake/table_version.js'
import { currentSnapshotId, snapshotNamed } from '../../infra/lake/version.js'
import type { Table } from '../../schemas/table.js'

export interface ChangesRequest {
  /** Each a snapshot's number or a time; `to` is the newest snapshot if absent. */
  readonly from: string
  readonly to?: string | undefined
  /** How many differing rows; none where only the counts are asked for. */
  readonly limit: number
}

export interface TableChanges {
  readonly table: string
  readonly from: number
  readonly to: number
  readonly added: number
  readonly removed: number
  readonly changed: number
  /** In how many rows each column changed. */
  readonly columns: Readonly<Record<string, number>>
  readonly rows: readonly RowDiff[]
}

/** How a table differs between two snapshots. `fields` are how the caller names what was given. Throws InvalidInput where there is none such. */
export const readChanges = async (
  session: Session,
  table: Table,
  request: ChangesRequest,
  fields: { readonly from: string; readonly to: string } = { from: 'from', to: 'to' },
): Promise<TableChanges> => {
  const from = await snapshotNamed(session, fields.from, request.from)
  const newest = await currentSnapshotId(session)
  const to = request.to === undefined ? newest : await snapshotNamed(session, fields.to, request.to)
  const [before, after] = [await storedColumnsAt(session, from), await storedColumnsAt(session, to)]
  const diff = await diffTable(
    session,
    table,
    tableAt(table, from, before.get(table.name)),
    tableAt(table, to, after.get(table.name)),
  )
  const { added, removed, changed, columns } = diff
  const rows = request.limit === 0 ? [] : await differingRows(session, table, diff, request.limit)
  return { table: table.name, from, to, added, removed, changed, columns, rows }
}
