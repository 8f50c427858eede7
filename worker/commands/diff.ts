import { InvalidInput } from '../../infra/errors.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import type { RowDiff } from '../../infra/lake/table_diff.js'
import type { Table } from '../../schemas/table.js'
import { count } from '../format.js'
import type { Output } from '../output.js'
import { readChanges } from '../readings/table_changes.js'

interface DiffRequest {
  readonly table: string
  /** Each a snapshot's number or a time; `to` is the newest snapshot if absent. */
  readonly from: string
  readonly to?: string
  readonly summary: boolean
  readonly limit: number
}

/** Prints how a table differs between two snapshots: how many rows, in which columns, and row by row what from and to what. */
export const printDiff = async (
  session: Session,
  output: Output,
  tables: readonly Table[],
  request: DiffRequest,
): Promise<void> => {
  const table = tables.find(({ name }) => name === request.table)
  if (table === undefined)
    throw new InvalidInput(`"${request.table}" is not a table; there is ${tables.map(({ name }) => name).join(', ')}`)
  const fields = { from: '--from', to: '--to' }
  const { rows, ...summary } = await readChanges(
    session,
    table,
    { ...request, limit: request.summary ? 0 : request.limit },
    fields,
  )
  const { from, to, added, removed, changed, columns } = summary
  output.document(request.summary ? summary : { ...summary, rows }, () => {
    output.line(`${table.name}, snapshot ${from} to ${to}`)
    output.line(`${count(added)} added, ${count(removed)} removed, ${count(changed)} changed`)
    if (changed > 0) {
      output.line('')
      output.rows(Object.entries(columns).map(([column, rows]) => ({ column, 'changed rows': count(rows) })))
    }
    if (rows.length === 0) return
    output.line('')
    output.rows(rows.map((row) => ({ change: row.change, ...row.key, what: differenceText(row) })))
    const more = added + removed + changed - rows.length
    if (more > 0) output.line(`and ${count(more)} more; --limit ${added + removed + changed} shows all`)
  })
}

/** `score 0.04 → 0.05, rank 1 → 2` of a changed row; the values of one that is on one side only. */
export const differenceText = ({ key, before, after }: RowDiff): string => {
  const values = ({ ...row }: JsonRow) =>
    Object.entries(row).filter(([name, value]) => key[name] === undefined && value !== null)
  if (before === undefined || after === undefined)
    return values(after ?? before ?? {})
      .map(([name, value]) => `${name} ${text(value)}`)
      .join(', ')
  return Object.keys(after)
    .map((name) => `${name} ${text(before[name])} → ${text(after[name])}`)
    .join(', ')
}

const text = (value: unknown): string => (value === null || value === undefined ? 'NULL' : String(value))
