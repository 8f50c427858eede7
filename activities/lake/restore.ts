import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { diffTable } from '../../infra/lake/table_diff.js'
import { storedColumnsAt, tableAt } from '../../infra/lake/table_version.js'
import type { Stage, Table } from '../../schemas/table.js'
import type { Write } from '../write.js'

/** What restoring a table would do to it. */
export interface RestoredTable {
  readonly table: string
  /** Rows that come back, rows that go, and rows that take earlier values. */
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly columns: Readonly<Record<string, number>>
}

export interface Restoration {
  readonly tables: readonly RestoredTable[]
  /** For the tables that differ, only the rows that do. */
  readonly writes: readonly Write[]
}

/**
 * Finds what makes the tables of these stages at snapshot `from` what they were at snapshot `to`. A table that did not exist is
 * emptied, a column that did not exist becomes NULL; throws InvalidInput where it cannot be.
 */
export const restoration = async (
  session: Session,
  stages: readonly Stage[],
  { from, to }: { from: number; to: number },
): Promise<Restoration> => {
  const [now, then] = [await storedColumnsAt(session, from), await storedColumnsAt(session, to)]
  const tables: RestoredTable[] = []
  const writes: Write[] = []
  for (const table of stages.flatMap((stage) => stage.tables)) {
    const { relation, added, removed, changed, columns } = await diffTable(
      session,
      table,
      tableAt(table, from, now.get(table.name)),
      tableAt(table, to, then.get(table.name)),
    )
    tables.push({ table: table.name, added, removed, changed, columns })
    if (added + removed + changed > 0) writes.push(await writeOf(session, table, relation))
  }
  return { tables, writes }
}

const writeOf = async (session: Session, table: Table, relation: string): Promise<Write> => {
  const staged = quotedIdentifier(`restored ${table.name}`)
  const keys = quotedIdentifier(`replaced ${table.name}`)
  await session.run(`CREATE OR REPLACE TEMP VIEW ${staged} AS SELECT after.* FROM ${relation} WHERE after IS NOT NULL`)
  await session.run(`CREATE OR REPLACE TEMP VIEW ${keys} AS SELECT before.* FROM ${relation} WHERE before IS NOT NULL`)
  return { table, staged, replaces: { kind: 'keys', columns: table.key, relation: keys }, restored: true }
}
