import { z } from 'zod'
import type { Replaced } from '../../../schemas/evolution.js'
import type { Table } from '../../../schemas/table.js'
import { inLake } from '../identifier.js'
import type { Session } from '../session.js'
import { nothing, type Plan, together } from './plan.js'
import type { ColumnShape } from './shape.js'
import type { StoredLake } from './stored_lake.js'
import { displaceTable, planView } from './view_plan.js'

/**
 * A new major version takes the place of the one before it, in one transaction: the old table keeps its rows under another name,
 * the new one is filled from it where the definition says how, and the old name becomes a view in the old shape.
 */
export const replace = (table: Table, lake: StoredLake): Plan => {
  const { replaces } = table
  if (replaces === undefined) return nothing
  const moved = lake.tables.has(replaces.table) ? move(table, replaces) : nothing
  const columns = formerColumns(replaces.table, lake)
  return columns === undefined
    ? nothing
    : together([
        moved,
        planView({ name: replaces.table, columns, select: replaces.view(inLake(table.name)), revision: 0 }, lake),
      ])
}

const move = (table: Table, { table: former, rows }: Replaced): Plan => {
  const kept = `${former}_before_v${table.dataset.version}`
  const filled = rows === undefined ? '' : ', which took its rows over'
  const displaced = displaceTable(former, kept, `replaced by ${table.name}${filled}`)
  if (rows === undefined) return displaced
  return {
    ...displaced,
    statements: [...displaced.statements, `INSERT INTO ${inLake(table.name)} BY NAME ${rows(inLake(kept))}`],
    verifications: [(session) => brokenChecks(session, table)],
    fenced: [table.schema],
  }
}

const columnsOf = z.object({
  columns: z.record(z.string(), z.object({ type: z.string(), nullable: z.boolean() })),
})

/** The columns that readers of the old name know, if there ever was something under it. */
const formerColumns = (former: string, lake: StoredLake): Record<string, ColumnShape> | undefined => {
  const stored = lake.tables.get(former)
  if (stored !== undefined) return Object.fromEntries(stored.columns)
  const recorded = lake.versions.get(former)?.at(-1)
  return recorded === undefined ? undefined : columnsOf.parse(JSON.parse(recorded.shape)).columns
}

/** The blocking checks that the rows taken over do not pass. */
const brokenChecks = async (session: Session, table: Table): Promise<string[]> => {
  const checks = Object.entries(table.checks).filter(([, { severity }]) => severity === 'blocking')
  const counts = checks.map(([, { offending }], index) => `${offending} AS check_${index}`)
  const row = await session.one(`SELECT ${counts.join(', ')} FROM ${inLake(table.name)}`)
  return checks.flatMap(([name], index) => {
    const offending = Number(row[`check_${index}`])
    return offending === 0
      ? []
      : [`${table.name}: "${name}" does not hold for ${offending} of the rows that replaces.rows takes over`]
  })
}
