import { readFileSync } from 'node:fs'
import type { Columns } from '../schemas/column.js'
import { meta } from '../schemas/meta/index.js'
import type { Source, Table } from '../schemas/table.js'
import type { View } from '../schemas/view.js'
import { domains } from './domains.js'

/** The page that describes every table of the lake, as Markdown, from the definitions and the comments beside them. */
export const tablePage = (): string => {
  const stages = [...domains.flatMap(({ stages }) => stages), meta]
  const parts = stages.flatMap(({ name, tables, views = [] }) => [
    `## ${name}`,
    ...tables.map(section),
    ...views.map(viewSection),
  ])
  const head = [
    '# Tables',
    'Generated from `schemas/`; do not edit. `UPDATE_DOCS=1 npm test -- test/docs.test.ts` writes it anew.',
    'A note may also speak of the columns right after it. Times are UTC. Names end in their unit. A `DECIMAL(38,0)` counts smallest units of a token; USD are `DECIMAL(38,12)`, exact.',
    'Beside its tables each schema has a table `_fence` with one row, which commits use against each other.',
  ]
  return `${[...head, ...parts].join('\n\n')}\n`
}

const section = (table: Table): string => {
  const source = sourceOf(table)
  const about = commentBefore(source, `export const \\w+ = defineTable\\('${table.name}'`)
  const checks = Object.entries(table.checks).map(
    ([name, { severity }]) => `${name}${severity === 'warning' ? ' (warning)' : ''}`,
  )
  return [
    `### ${table.name}`,
    table.grain,
    ...(about === '' ? [] : [about]),
    facts(table),
    columnsTable(source, table.columns),
    `Checks: ${checks.join('; ')}.`,
  ].join('\n\n')
}

const viewSection = (view: View): string => {
  const source = sourceOf(view)
  const about = commentBefore(source, `export const \\w+ = defineView\\('${view.name}'`)
  return [
    `### ${view.name}`,
    view.grain,
    ...(about === '' ? [] : [about]),
    `A view, computed when it is read. Defined in \`${pathOf(view)}\`.`,
    columnsTable(source, view.columns),
  ].join('\n\n')
}

const columnsTable = (source: string, columns: Columns): string => {
  const rows = Object.entries(columns).map(([name, { sql, nullable }]) => {
    const note = commentBefore(source, `${name}: `)
    return `| \`${name}\` | ${sql}${nullable ? '' : ' NOT NULL'} | ${note.replaceAll('|', '\\|')} |`
  })
  return ['| column | type | note |', '|---|---|---|', ...rows].join('\n')
}

const sourceOf = (relation: Table | View): string =>
  readFileSync(new URL(`../${pathOf(relation)}`, import.meta.url), 'utf8')

const facts = (table: Table): string => {
  const names = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(', ')
  const { derive } = table
  return [
    `Dataset \`${table.dataset.name}\`.`,
    `Key: ${names(table.key)}.`,
    ...(table.partitionedBy.length > 0 ? [`Partitioned by ${names(table.partitionedBy)}.`] : []),
    ...(table.sortedBy.length > 0 ? [`Sorted by ${names(table.sortedBy)}.`] : []),
    ...(table.clusteredBy.length > 0 ? [`Clustered by ${names(table.clusteredBy)}.`] : []),
    ...(derive === undefined ? [] : [`Derived from ${names([...new Set(tablesBehind(table))].sort())}.`]),
    ...(derive?.by === undefined ? [] : [`Recomputed where \`${derive.by}\` has changed inputs.`]),
    `Defined in \`${pathOf(table)}\`.`,
  ].join(' ')
}

const pathOf = ({ name }: Table | View): string => {
  const [schema = '', table = ''] = name.split('.')
  return `schemas/${schema.replace('_', '/')}/${table}.ts`
}

/** The tables a derivation reads, through what it computes on its way. */
const tablesBehind = ({ derive }: Source): string[] =>
  Object.values(derive?.from ?? {}).flatMap((source) => ('schema' in source ? [source.name] : tablesBehind(source)))

/** The doc comment right before what `pattern` finds, on one line; empty where there is none. */
const commentBefore = (source: string, pattern: string): string => {
  const [, text = ''] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${pattern}`).exec(source) ?? []
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^\* ?/, ''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}
