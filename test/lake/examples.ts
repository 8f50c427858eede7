import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'

/** Stages the table's example row, or no row, in a temporary table; resolves to its name. */
export const stageExamples = async (session: Session, table: Table, rows: 0 | 1): Promise<string> => {
  const staged = quotedIdentifier(`example ${table.name}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE ${staged} AS SELECT * FROM ${inLake(table.name)} LIMIT 0`)
  if (rows === 0) return staged
  const shape = JSON.stringify(Object.fromEntries(Object.entries(table.columns).map(([name, { sql }]) => [name, sql])))
  const json = JSON.stringify(table.example, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
  await session.run(`INSERT INTO ${staged} BY NAME SELECT r.* FROM (SELECT from_json($row, '${shape}') AS r)`, {
    row: json,
  })
  return staged
}
