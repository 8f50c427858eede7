import type { Table } from '../../../schemas/table.js'
import { type Difference, widens } from './difference.js'
import { type ColumnShape, shapeOf } from './shape.js'

/** What a person reads whose definition cannot be taken over: what differs, and the lines to write instead. */
export const migration = (
  table: Table,
  stored: ReadonlyMap<string, ColumnShape>,
  differences: readonly Difference[],
): string => {
  const lines = differences.map(
    ({ field, stored, defined, why }) => `  ${field}: stored ${stored}, defined ${defined} (${why})`,
  )
  return [
    `${table.name} is stored otherwise than it is defined:`,
    ...lines,
    ...renaming(table, stored),
    ...replacing(table, stored),
  ].join('\n')
}

/** A column that went and one of its type that came may be one column: only its author knows. */
const renaming = (table: Table, stored: ReadonlyMap<string, ColumnShape>): string[] => {
  const { columns } = shapeOf(table)
  const pairs = [...stored].flatMap(([former, { type }]) => {
    const heir = Object.keys(columns).find((name) => !stored.has(name) && columns[name]?.type === type)
    return columns[former] !== undefined || heir === undefined ? [] : [`${heir}: '${former}'`]
  })
  if (pairs.length === 0) return []
  return [
    `  If that is another name for the same column, add to ${fileOf(table.name)}:`,
    `    renamed: { ${pairs.join(', ')} },`,
  ]
}

const replacing = (table: Table, stored: ReadonlyMap<string, ColumnShape>): string[] => {
  const { purpose, subject, grain, version } = table.dataset
  const { columns } = shapeOf(table)
  const next = `${table.name.replace(/_v\d+$/, '')}_v${version + 1}`
  return [
    `  Otherwise make it version ${version + 1}, beside the stored one: ${fileOf(table.name)} becomes ${fileOf(next)} with`,
    `    defineTable('${next}', {`,
    `      dataset: { purpose: '${purpose}', subject: '${subject}', grain: '${grain}', version: ${version + 1} },`,
    `      replaces: {`,
    `        table: '${table.name}',`,
    `        view: (table) => \`${select([...stored], columns)}\`,`,
    ...(table.derive === undefined
      ? [`        rows: (table) => \`${select(Object.entries(columns), Object.fromEntries(stored))}\`,`]
      : []),
    `      },`,
  ]
}

/** The wanted columns out of a table that has the others. What it does not have is left for a person to say. */
const select = (
  wanted: readonly (readonly [string, ColumnShape])[],
  there: Readonly<Record<string, ColumnShape>>,
): string => {
  const columns = wanted.map(([name, { type, nullable }]) => {
    const source = there[name]
    if (source === undefined) return `${nullable ? 'NULL' : '<value>'}::${type} AS ${name}`
    return source.type === type ? name : `${cast(name, source.type, type)} AS ${name}`
  })
  return `SELECT ${columns.join(', ')} FROM \${table}`
}

/** Rounding is said, so that whoever copies the line sees it. */
const cast = (name: string, from: string, to: string): string => {
  const [, fewer] = /^DECIMAL\(\d+,(\d+)\)$/.exec(to) ?? []
  return fewer === undefined || widens(from, to) ? `${name}::${to}` : `round(${name}, ${fewer})::${to}`
}

const fileOf = (name: string): string => {
  const [schema = '', table = ''] = name.split('.')
  return `schemas/${schema.replace('_', '/')}/${table}.ts`
}
