import { DuckDBInstance } from '@duckdb/node-api'
import { Session } from '../infra/lake/session.js'
import { type ColumnGroup, grouped, rootsOf, tablesAbove } from '../infra/lineage/graph.js'
import { type Lineage, readLineage, type TableLineage } from '../infra/lineage/lineage.js'
import type { Origins } from '../infra/lineage/origins.js'
import { domains } from './domains.js'

/** The page that says of every table and column where it comes from, as Markdown, from the SQL of the definitions. */
export const lineagePage = async (): Promise<string> => {
  const instance = await DuckDBInstance.create(':memory:')
  const tables = domains.flatMap(({ stages }) => stages).flatMap((stage) => stage.tables)
  const lineage = await readLineage(new Session(await instance.connect()), tables)
  instance.closeSync()
  const derived = lineage.tables.filter(({ table }) => table.derive !== undefined)
  const filled = lineage.tables.filter(({ table }) => table.derive === undefined)
  const parts = [
    '# Lineage',
    'Generated from the SQL in `schemas/`; do not edit. `UPDATE_DOCS=1 npm test -- test/docs.test.ts` writes it anew.',
    'A column is `=` copied from another, or computed from those named. What only decides which rows there are, in which group and in which order (joins, filters, grouping, windows), is an influence. *rows* means the rows themselves, as `count(*)` counts them; `$name` is a parameter of the run. `npx tributary lineage <table>` answers the same and follows one column with `--column`.',
    graph(lineage),
    '## From sources',
    [
      '| table | source |',
      '|---|---|',
      ...filled.map(({ table }) => `| \`${table.name}\` | ${table.source.join(', ')} |`),
    ].join('\n'),
    ...derived.flatMap((each) => section(lineage, each)),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Sources, tables and what is derived from what. */
const graph = (lineage: Lineage): string => {
  const stages = domains.flatMap(({ stages }) => stages)
  const sources = [...new Set(lineage.tables.flatMap(({ table }) => table.source))]
  const idOf = (source: string) => `source${sources.indexOf(source)}`
  return [
    '```mermaid',
    'flowchart LR',
    ...sources.map((source) => `  ${idOf(source)}(["${source}"])`),
    ...stages.flatMap(({ name, tables }) => [
      `  subgraph ${name}`,
      ...tables.map((table) => `    ${nodeOf(table.name)}["${shortName(table.name)}"]`),
      '  end',
    ]),
    ...lineage.tables.flatMap(({ table }) => [
      ...table.source.map((source) => `  ${idOf(source)} --> ${nodeOf(table.name)}`),
      ...tablesAbove(lineage, table.name).map((above) => `  ${nodeOf(above.name)} --> ${nodeOf(table.name)}`),
    ]),
    '```',
  ].join('\n')
}

const nodeOf = (table: string): string => table.replace('.', '__')

const section = (lineage: Lineage, { table, columns, rows }: TableLineage): string[] => [
  `## ${table.name}`,
  `Rows come from ${groups(grouped(rows, 'copied', 'computed'))}. Which there are is decided by ${groups(grouped(rows, 'influences'))}.`,
  [
    '| column | comes from | influenced by | at the source |',
    '|---|---|---|---|',
    ...[...columns].map(([name, origins]) => {
      const cells = [
        values(origins),
        groups(grouped(origins, 'influences')),
        groups(grouped(rootsOf(lineage, table.name, name), 'copied', 'computed')),
      ]
      return `| \`${name}\` | ${cells.join(' | ')} |`
    }),
  ].join('\n'),
]

const values = (origins: Origins): string => {
  const copied = groups(grouped(origins, 'copied'))
  const computed = groups(grouped(origins, 'computed'))
  return [...(copied === '' ? [] : [`= ${copied}`]), ...(computed === '' ? [] : [computed])].join('; ') || 'a constant'
}

const groups = (list: readonly ColumnGroup[]): string =>
  list
    .map(({ table, columns }) => {
      const names = columns.map((column) => (column === '*' ? '*rows*' : `\`${column}\``)).join(', ')
      return table === '' ? names : `${shortName(table)}: ${names}`
    })
    .join('; ')

const shortName = (table: string): string => table.slice(table.indexOf('.') + 1)
