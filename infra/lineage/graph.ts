import type { Table } from '../../schemas/table.js'
import { type Lineage, placeOf, type TableLineage } from './lineage.js'
import type { How, Origins } from './origins.js'

/** Columns of one table, in its order; parameters stand under the table ''. */
export interface ColumnGroup {
  readonly table: string
  readonly columns: readonly string[]
}

/** A column, `*` for the rows, or a parameter, and how it leads here. */
export interface Link {
  readonly table: string
  readonly column: string
  readonly how: How
}

export const linksOf = (origins: Origins): Link[] => [...origins].map(([origin, how]) => ({ ...placeOf(origin), how }))

/** The origins that lead here in one of these ways, by table. */
export const grouped = (origins: Origins, ...hows: readonly How[]): ColumnGroup[] => {
  const groups = new Map<string, string[]>()
  for (const { table, column, how } of linksOf(origins)) {
    if (!hows.includes(how)) continue
    groups.set(table, [...(groups.get(table) ?? []), column])
  }
  return [...groups].map(([table, columns]) => ({ table, columns: columns.sort() })).sort(byTable)
}

const byTable = (one: ColumnGroup, other: ColumnGroup): number => one.table.localeCompare(other.table)

/** What no SELECT of a table's own derives: its origins in tables that are filled from a source, and parameters. */
export const rootsOf = (lineage: Lineage, table: string, column: string): Origins =>
  new Map(
    [...lineage.upstream(table, column)].filter(([origin]) => {
      const place = placeOf(origin)
      return place.table === '' || lineage.of(place.table)?.table.derive === undefined
    }),
  )

/** The tables that a derivation reads, directly. */
export const tablesAbove = (lineage: Lineage, name: string): Table[] => {
  const own = lineage.of(name)
  const origins = own === undefined ? [] : [own.rows, ...own.columns.values()]
  const names = new Set(origins.flatMap((each) => linksOf(each).map(({ table }) => table)))
  return lineage.tables.flatMap(({ table }) => (names.has(table.name) ? [table] : []))
}

/** The tables whose derivations read a table, directly. */
export const tablesBelow = (lineage: Lineage, name: string): Table[] =>
  lineage.tables.flatMap(({ table }) =>
    tablesAbove(lineage, table.name).some((above) => above.name === name) ? [table] : [],
  )

/** What comes from a column, directly or over other tables: columns, and `*` where it decides about a table's rows. */
export const usesOf = (lineage: Lineage, origin: string, far: boolean): Link[] =>
  lineage.tables.flatMap((derived) => {
    const { name } = derived.table
    return ['*', ...derived.columns.keys()].flatMap((column): Link[] => {
      const how = originsOf(lineage, derived, column, far).get(origin)
      return how === undefined ? [] : [{ table: name, column, how }]
    })
  })

/** Far, what a table's rows come from influences each column of it: that is told of its rows once. */
const originsOf = (lineage: Lineage, { table, columns, rows }: TableLineage, column: string, far: boolean): Origins => {
  if (!far) return (column === '*' ? rows : columns.get(column)) ?? new Map()
  const all = lineage.upstream(table.name, column)
  if (column === '*') return all
  const ofRows = lineage.upstream(table.name, '*')
  return new Map([...all].filter(([origin, how]) => how !== 'influences' || !ofRows.has(origin)))
}
