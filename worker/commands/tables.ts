import type { Session } from '../../infra/lake/session.js'
import type { Domain } from '../../schemas/domain.js'
import { count } from '../format.js'
import type { Output } from '../output.js'
import { readTables } from '../readings/tables.js'

/** Prints every table that is defined: its dataset and version in the lake, its rows, files and bytes, and what a row of it is. */
export const printTables = async (session: Session, output: Output, domains: readonly Domain[]): Promise<void> => {
  const rows = (await readTables(session, domains)).map((row) => ({ ...row }))
  if (output.json) return output.rows(rows)
  output.rows(rows.map((row) => ({ ...row, rows: count(row.rows), bytes: count(row.bytes) })))
}
