import type { Table } from '../../../schemas/table.js'
import type { Change } from '../changes.js'
import { inLake, quotedIdentifier } from '../identifier.js'
import { columnDifference, type Difference, keyDifference } from './difference.js'
import { layoutStatement } from './layout.js'
import { migration } from './migration.js'
import { nothing, type Plan } from './plan.js'
import { type ColumnShape, shapeOf, type TableShape } from './shape.js'
import type { StoredTable } from './stored_lake.js'

interface Step {
  readonly sql: string
  readonly change: Change
}

/**
 * What turns a stored table into the defined one and keeps every row: renames that the definition declares, columns that may be
 * NULL, wider types, columns that may be NULL from now on, another layout. Everything else is refused, with the migration to write.
 */
export const evolve = (table: Table, stored: StoredTable, storedKey: TableShape['key'] | undefined): Plan => {
  const shape = shapeOf(table)
  const renames = Object.entries(table.renamed).filter(
    ([name, former]) => stored.columns.has(former) && !stored.columns.has(name),
  )
  const nameNow = (name: string) => renames.find(([, former]) => former === name)?.[0] ?? name
  const columns = new Map([...stored.columns].map(([name, column]) => [nameNow(name), column]))
  const differences = [...new Set([...columns.keys(), ...Object.keys(shape.columns)])].flatMap(
    (name) => columnDifference(name, columns.get(name), shape.columns[name]) ?? [],
  )
  const key = storedKey === undefined ? undefined : keyDifference(storedKey.map(nameNow), shape.key)
  const refused: Difference[] = [...differences, ...(key === undefined ? [] : [key])]
  if (refused.length > 0) return { ...nothing, refusals: [migration(table, columns, refused)] }
  const steps = [
    ...renames.map(([name, former]) => renameColumn(table, name, former)),
    ...Object.entries(shape.columns).flatMap(([name, column]) => columnSteps(table, name, column, columns.get(name))),
    ...layoutSteps(
      table,
      'partition',
      stored.partitionedBy.map((term) => renamedTerm(term, nameNow)),
      shape.partitioned_by,
    ),
    // The catalog keeps the sort order as text, which a renamed column does not change.
    ...layoutSteps(table, 'sort', stored.sortedBy, shape.sorted_by),
  ]
  return {
    ...nothing,
    statements: steps.map(({ sql }) => sql),
    changes: steps.map(({ change }) => change),
  }
}

const renameColumn = ({ name: table }: Table, name: string, former: string): Step => {
  const rename = (from: string, to: string) =>
    `ALTER TABLE ${inLake(table)} RENAME COLUMN ${quotedIdentifier(from)} TO ${quotedIdentifier(to)}`
  return {
    sql: rename(former, name),
    change: {
      dataset: table,
      type: 'schema',
      description: `column ${former} renamed to ${name}`,
      rollbackSql: rename(name, former),
    },
  }
}

const columnSteps = (table: Table, name: string, defined: ColumnShape, stored: ColumnShape | undefined): Step[] => {
  const alter = `ALTER TABLE ${inLake(table.name)}`
  const column = quotedIdentifier(name)
  const step = (sql: string, description: string, rollbackSql?: string): Step => ({
    sql: `${alter} ${sql}`,
    change: {
      dataset: table.name,
      type: 'schema',
      description: `column ${name} ${description}`,
      ...(rollbackSql === undefined ? {} : { rollbackSql: `${alter} ${rollbackSql}` }),
    },
  })
  if (stored === undefined) {
    return [step(`ADD COLUMN ${column} ${defined.type}`, `${defined.type} added`, `DROP COLUMN ${column}`)]
  }
  return [
    ...(stored.type === defined.type
      ? []
      : [
          step(
            `ALTER COLUMN ${column} SET DATA TYPE ${defined.type}`,
            `widened from ${stored.type} to ${defined.type}`,
          ),
        ]),
    ...(stored.nullable === defined.nullable
      ? []
      : [
          step(
            `ALTER COLUMN ${column} DROP NOT NULL`,
            'may be NULL from now on',
            `ALTER COLUMN ${column} SET NOT NULL`,
          ),
        ]),
  ]
}

const layoutSteps = (
  { name }: Table,
  type: 'partition' | 'sort',
  stored: readonly string[],
  defined: readonly string[],
): Step[] => {
  if (stored.join(', ') === defined.join(', ')) return []
  const kind = type === 'partition' ? 'PARTITIONED' : 'SORTED'
  const said = (terms: readonly string[]) => (terms.length === 0 ? 'nothing' : terms.join(', '))
  return [
    {
      sql: layoutStatement(name, kind, defined),
      change: {
        dataset: name,
        type,
        description: `${kind.toLowerCase()} by ${said(defined)} instead of ${said(stored)}, in files written from now on`,
        rollbackSql: layoutStatement(name, kind, stored),
      },
    },
  ]
}

/** A partition term follows its column: `bucket(16, wallet)` becomes `bucket(16, wallet_address)`. */
const renamedTerm = (term: string, nameNow: (name: string) => string): string =>
  term.replace(/[a-z][a-z0-9_]*(?=\)?$)/, (name) => nameNow(name))
