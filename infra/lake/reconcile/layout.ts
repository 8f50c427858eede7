import type { Table } from '../../../schemas/table.js'
import { inLake, quotedIdentifier } from '../identifier.js'

export const createStatements = (table: Table): string[] => {
  const columns = Object.entries(table.columns).map(
    ([name, { sql, nullable }]) => `${quotedIdentifier(name)} ${sql}${nullable ? '' : ' NOT NULL'}`,
  )
  return [
    `CREATE TABLE ${inLake(table.name)} (${columns.join(', ')})`,
    ...(table.partitionedBy.length > 0 ? [layoutStatement(table.name, 'PARTITIONED', table.partitionedBy)] : []),
    ...(table.sortedBy.length > 0 ? [layoutStatement(table.name, 'SORTED', table.sortedBy)] : []),
  ]
}

/** Holds for files written from now on; those there are stay as they are until something rewrites them. */
export const layoutStatement = (table: string, kind: 'PARTITIONED' | 'SORTED', terms: readonly string[]): string =>
  terms.length === 0
    ? `ALTER TABLE ${inLake(table)} RESET ${kind} BY`
    : `ALTER TABLE ${inLake(table)} SET ${kind} BY (${terms.join(', ')})`
