import type { Table } from '../../schemas/table.js'
import { inLake } from './identifier.js'
import type { Session } from './session.js'

/** Inserts a few rows, given as JSON-ready objects, with one bound value. For metadata; data is staged. */
export const insertJson = async (
  session: Session,
  table: Table,
  rows: readonly Record<string, unknown>[],
): Promise<void> => {
  const shape = JSON.stringify([
    Object.fromEntries(Object.entries(table.columns).map(([name, { sql }]) => [name, sql])),
  ])
  await session.run(
    `INSERT INTO ${inLake(table.name)} BY NAME SELECT r.* FROM (SELECT unnest(from_json($rows, '${shape}')) AS r)`,
    { rows: JSON.stringify(rows) },
  )
}
