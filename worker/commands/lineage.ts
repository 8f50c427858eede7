import { DuckDBInstance } from '@duckdb/node-api'
import { InvalidInput } from '../../infra/errors.js'
import { Session } from '../../infra/lake/session.js'
import {
  type ColumnGroup,
  grouped,
  type Link,
  linksOf,
  tablesAbove,
  tablesBelow,
  usesOf,
} from '../../infra/lineage/graph.js'
import { type Lineage, readLineage } from '../../infra/lineage/lineage.js'
import type { Domain } from '../../schemas/domain.js'
import type { Table } from '../../schemas/table.js'
import type { Output } from '../output.js'

export interface LineageRequest {
  readonly table: string
  readonly column: string | undefined
  readonly upstream: boolean
  readonly downstream: boolean
}

/** The table of this name, or that holds the dataset of this name. Throws InvalidInput, with the names there are. */
export const findTable = (domains: readonly Domain[], name: string): Table => {
  const tables = tablesOf(domains)
  const table = tables.find((each) => each.name === name || each.dataset.name === name)
  if (table !== undefined) return table
  throw new InvalidInput(`"${name}" is no table; there are ${tables.map((each) => each.name).join(', ')}`)
}

const tablesOf = (domains: readonly Domain[]): Table[] =>
  domains.flatMap(({ stages }) => stages).flatMap(({ tables }) => tables)

/** Prints what a table, or one column of it, comes from and what is derived from it, as its definitions say. Needs no lake. */
export const printLineage = async (
  domains: readonly Domain[],
  output: Output,
  { table: name, column, upstream, downstream }: LineageRequest,
): Promise<void> => {
  const table = findTable(domains, name)
  if (column !== undefined && table.columns[column] === undefined) {
    const names = Object.keys(table.columns).join(', ')
    throw new InvalidInput(`--column "${column}" is no column of ${table.name}; there are ${names}`)
  }
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const lineage = await readLineage(new Session(await instance.connect()), tablesOf(domains))
    const ways = { upstream: upstream || !downstream, downstream: downstream || !upstream }
    if (column === undefined) printTable(output, lineage, table, ways)
    else printColumn(output, lineage, table, column, ways)
  } finally {
    instance.closeSync()
  }
}

interface Ways {
  readonly upstream: boolean
  readonly downstream: boolean
}

const printTable = (output: Output, lineage: Lineage, table: Table, { upstream, downstream }: Ways): void => {
  const above = reach(table, (each) => tablesAbove(lineage, each.name))
  const below = reach(table, (each) => tablesBelow(lineage, each.name))
  const own = lineage.of(table.name)
  const columns = Object.keys(table.columns).map((column) => ({
    column,
    ...(upstream ? { from: linksOf(own?.columns.get(column) ?? new Map()) } : {}),
    ...(downstream ? { used_by: usesOf(lineage, `${table.name}.${column}`, false) } : {}),
  }))
  const document = {
    table: table.name,
    dataset: table.dataset.name,
    grain: table.grain,
    source: table.source,
    ...(upstream ? { upstream: above.map(summary(lineage)), rows: linksOf(own?.rows ?? new Map()) } : {}),
    ...(downstream ? { downstream: below.map(summary(lineage)) } : {}),
    columns,
  }
  output.document(document, () => {
    output.line(`${table.name}  ${table.grain}`)
    if (upstream) {
      output.line('\nUpstream')
      tree(output, table, (each) => tablesAbove(lineage, each.name))
    }
    if (downstream) {
      output.line('\nDownstream')
      tree(output, table, (each) => tablesBelow(lineage, each.name))
    }
    output.line('\nColumns')
    for (const { column, from = [], used_by = [] } of columns) {
      output.line(`  ${column}`)
      if (upstream) printLinks(output, originParts(from), fallback(table))
      if (downstream)
        printLinks(output, { 'used by': used_by.filter(isValue), influences: used_by.filter(isInfluence) })
    }
    if (!upstream || own === undefined || own.rows.size === 0) return
    output.line('\nWhich rows there are, and so every column, is decided by')
    for (const group of grouped(own.rows, 'influences', 'computed', 'copied')) output.line(`  ${groupText(group)}`)
  })
}

const printColumn = (output: Output, lineage: Lineage, table: Table, column: string, ways: Ways): void => {
  const from = ways.upstream ? linksOf(lineage.upstream(table.name, column)) : undefined
  const uses = ways.downstream ? usesOf(lineage, `${table.name}.${column}`, true) : undefined
  output.document({ table: table.name, column, source: table.source, upstream: from, downstream: uses }, () => {
    output.line(`${table.name}.${column}`)
    if (from !== undefined) {
      output.line('\nUpstream')
      printLinks(output, originParts(from), fallback(table))
      for (const { source, name } of lineage.tables.map((each) => each.table)) {
        if (source.length > 0 && from.some((link) => link.table === name))
          output.line(`    ${name} ← ${source.join(', ')}`)
      }
    }
    if (uses === undefined) return
    output.line('\nDownstream')
    printLinks(
      output,
      { 'used by': uses.filter(isValue), influences: uses.filter(isInfluence) },
      'nothing is derived from it',
    )
  })
}

const isInfluence = ({ how }: Link): boolean => how === 'influences'
const isValue = (link: Link): boolean => !isInfluence(link)

const originParts = (links: readonly Link[]) => ({
  'copied from': links.filter(({ how }) => how === 'copied'),
  'computed from': links.filter(({ how }) => how === 'computed'),
  'influenced by': links.filter(isInfluence),
})

/** What stands for the origins of a column that has none. */
const fallback = ({ source }: Table): string => (source.length > 0 ? `source: ${source.join(', ')}` : 'a constant')

const printLinks = (output: Output, parts: Readonly<Record<string, readonly Link[]>>, empty?: string): void => {
  let printed = false
  for (const [label, links] of Object.entries(parts)) {
    const origins = new Map(links.map(({ table, column, how }) => [table === '' ? column : `${table}.${column}`, how]))
    for (const [index, group] of grouped(origins, 'copied', 'computed', 'influences').entries()) {
      output.line(`    ${(index === 0 ? label : '').padEnd(14)} ${groupText(group)}`)
      printed = true
    }
  }
  if (!printed && empty !== undefined) output.line(`    ${empty}`)
}

const groupText = ({ table, columns }: ColumnGroup): string =>
  table === ''
    ? `parameters ${columns.join(', ')}`
    : `${table}: ${columns.map((each) => (each === '*' ? 'its rows' : each)).join(', ')}`

const summary = (lineage: Lineage) => (table: Table) => ({
  table: table.name,
  source: table.source,
  reads: tablesAbove(lineage, table.name).map(({ name }) => name),
})

/** Everything that can be reached from a table, without it, nearest first. */
const reach = (start: Table, next: (table: Table) => readonly Table[]): Table[] => {
  const found = new Set<Table>([start])
  for (const table of found) for (const each of next(table)) found.add(each)
  found.delete(start)
  return [...found]
}

/** A tree of tables; what was shown before is not unfolded again. */
const tree = (output: Output, start: Table, next: (table: Table) => readonly Table[]): void => {
  const shown = new Set<Table>()
  const show = (table: Table, depth: number): void => {
    const source = table.source.length > 0 ? ` ← ${table.source.join(', ')}` : ''
    const again = shown.has(table) && next(table).length > 0
    output.line(`${'  '.repeat(depth + 1)}${table.name}${source}${again ? ' (as above)' : ''}`)
    if (again) return
    shown.add(table)
    for (const each of next(table)) show(each, depth + 1)
  }
  const first = next(start)
  if (first.length === 0) output.line(start.source.length > 0 ? `  ${start.source.join(', ')}` : '  nothing')
  for (const table of first) show(table, 0)
}
