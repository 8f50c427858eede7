import { domains } from '../domains.js'
import { query } from './tributary.js'

export interface TableCount {
  readonly name: string
  readonly rows: number
  readonly keys: number
}

/** Rows and distinct keys of every table, as `npx tributary query` counts them. */
export const tableCounts = async (home: string): Promise<TableCount[]> => {
  const tables = domains.flatMap(({ stages }) => stages).flatMap(({ tables }) => tables)
  const counts = tables.map(
    ({ name, key }) =>
      `SELECT '${name}' AS name, count(*)::INTEGER AS rows, count(DISTINCT (${key.join(', ')}))::INTEGER AS keys FROM ${name}`,
  )
  const rows = await query(home, `${counts.join(' UNION ALL ')} ORDER BY name`)
  return rows.map(({ name, rows, keys }) => ({ name: String(name), rows: Number(rows), keys: Number(keys) }))
}

/** The tables that hold a row twice. */
export const withDuplicates = (counts: readonly TableCount[]): TableCount[] =>
  counts.filter(({ rows, keys }) => rows !== keys)

export const rowsOf = (counts: readonly TableCount[], table: string): number =>
  counts.find(({ name }) => name === table)?.rows ?? 0
