import type { Source, Table } from '../../schemas/table.js'
import type { Session } from '../lake/session.js'
import { influences, merged, nothing, type Origins, type Relation, through } from './origins.js'
import { queryRelation } from './query.js'
import { createParser, type Node } from './syntax.js'

/** Where a table's columns and rows come from: in the tables that its derivation reads, by name. */
export interface TableLineage {
  readonly table: Table
  readonly columns: ReadonlyMap<string, Origins>
  /** What its rows are made of, and what decides which there are: that influences every column. */
  readonly rows: Origins
}

/** The lineage of tables, by column, from the SQL that derives them. */
export interface Lineage {
  readonly tables: readonly TableLineage[]
  of(name: string): TableLineage | undefined
  /** The origins of a column (`*`: of the rows) in every table on the way, back to the sources; what decides about rows included. */
  upstream(table: string, column: string): Origins
}

/**
 * Reads the lineage of the tables from their definitions; `session` is any DuckDB, for its parser alone. Throws, naming the
 * table, where a derivation has a column that cannot be resolved.
 */
export const readLineage = async (session: Session, tables: readonly Table[]): Promise<Lineage> => {
  const relations = await derivedRelations(session, tables)
  const lineages = tables.map((table): TableLineage => {
    const relation = relations.get(table)
    if (relation === undefined) return { table, columns: new Map(), rows: nothing }
    const columns = Object.keys(table.columns).map((name): [string, Origins] => {
      const column = relation.columns.get(name)
      if (column === undefined) throw new Error(`the derivation of ${table.name} has no column "${name}"`)
      return [name, column.origins]
    })
    return { table, columns: new Map(columns), rows: relation.rows }
  })
  const byName = new Map(lineages.map((each) => [each.table.name, each]))
  return { tables: lineages, of: (name) => byName.get(name), upstream: upstreamIn(byName) }
}

/** What every derived table, and what is computed on its way, yields in terms of the tables it reads. */
const derivedRelations = async (session: Session, tables: readonly Table[]): Promise<ReadonlyMap<Source, Relation>> => {
  const parser = await createParser(session)
  const relations = new Map<Source, Relation>()
  const add = async (source: Source): Promise<void> => {
    const { derive } = source
    if (derive === undefined || relations.has(source)) return
    for (const from of Object.values(derive.from)) await add(from)
    const aliases = Object.entries(derive.from)
    const given = new Map(aliases.map(([alias, from]) => [alias, readAs(from, relations)]))
    const sql = derive.select(Object.fromEntries(aliases.map(([alias]) => [alias, `"<${alias}>"`])))
    const table = (name: string) => given.get(name.slice(1, -1))
    // Rows of its time column that are later than the run are not read.
    const late = aliases.flatMap(([, from]) =>
      derive.time !== undefined && 'schema' in from && from.columns[derive.time] !== undefined
        ? [
            new Map([
              [`${from.name}.${derive.time}`, 'influences' as const],
              ['$as_of', 'influences' as const],
            ]),
          ]
        : [],
    )
    const { columns, rows } = resolved(source.name, await parser.parse(sql), table, parser.aggregates)
    relations.set(source, { columns, rows: merged(rows, ...late) })
  }
  for (const table of tables) await add(table)
  return relations
}

const resolved = (
  name: string,
  query: Node,
  table: (name: string) => Relation | undefined,
  aggregates: ReadonlySet<string>,
): Relation => {
  try {
    return queryRelation(query, { aggregates, table, withs: new Map() }, undefined)
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** A table stands for itself; what is computed on the way, for what it is made of. */
const readAs = (source: Source, relations: ReadonlyMap<Source, Relation>): Relation => {
  if (!('schema' in source)) return relations.get(source) ?? { columns: new Map(), rows: nothing }
  const columns = Object.keys(source.columns).map((column) => {
    const origins: Origins = new Map([[`${source.name}.${column}`, 'copied']])
    return [column, { origins }] as const
  })
  return { columns: new Map(columns), rows: new Map([[`${source.name}.*`, 'computed']]) }
}

/** `traders_silver.trades.sequence` as table and column; a parameter belongs to no table. */
export const placeOf = (origin: string): { readonly table: string; readonly column: string } => {
  const [schema = '', table = '', column = ''] = origin.split('.')
  return origin.startsWith('$') ? { table: '', column: origin } : { table: `${schema}.${table}`, column }
}

const upstreamIn = (tables: ReadonlyMap<string, TableLineage>): Lineage['upstream'] => {
  const known = new Map<string, Origins>()
  const upstream = (table: string, column: string): Origins => {
    const key = `${table}.${column}`
    const before = known.get(key)
    if (before !== undefined) return before
    const lineage = tables.get(table)
    const rows = lineage?.rows ?? nothing
    const own = column === '*' ? rows : merged(lineage?.columns.get(column) ?? nothing, influences(rows))
    const further = [...own].map(([origin, how]) => through(beyond(origin), how))
    const found = merged(own, ...further)
    known.set(key, found)
    return found
  }
  const beyond = (origin: string): Origins => {
    const { table, column } = placeOf(origin)
    return table === '' ? nothing : upstream(table, column)
  }
  return upstream
}
