import { expressionOrigins } from './expression.js'
import type { ColumnOrigins } from './origins.js'
import type { Scope } from './scope.js'
import { child, children, type Node, names, text } from './syntax.js'

/** The columns of a SELECT, stars written out, each under its name. An expression without a name can be used by nobody: its place stands for it. */
export const selectList = (items: readonly Node[], scope: Scope): ReadonlyMap<string, ColumnOrigins> => {
  const columns = new Map<string, ColumnOrigins>()
  for (const item of items) {
    const each: [string, ColumnOrigins][] =
      item['class'] === 'STAR' ? star(item, scope) : [[nameOf(item, columns.size), expressionOrigins(item, scope)]]
    for (const [name, column] of each) columns.set(uniqueName(name, columns), column)
  }
  return columns
}

const nameOf = (item: Node, place: number): string => {
  const name = text(item, 'alias') || names(item, 'column_names').at(-1)
  return (name ?? `column ${place + 1}`).toLowerCase()
}

/** DuckDB, too, lets a relation have two columns of one name; only the first can be asked for. */
const uniqueName = (name: string, columns: ReadonlyMap<string, ColumnOrigins>): string => {
  let unique = name
  for (let count = 1; columns.has(unique); count += 1) unique = `${name}_${count}`
  return unique
}

/** `*`, with EXCLUDE, REPLACE and RENAME. */
const star = (node: Node, scope: Scope): [string, ColumnOrigins][] => {
  if (node['columns'] === true || child(node, 'expr') !== undefined) {
    throw new Error('COLUMNS(...) is not resolved: name the columns')
  }
  if (children(node, 'qualified_exclude_list').length > 0) {
    throw new Error('EXCLUDE (alias.column) is not resolved: name the columns')
  }
  const excluded = new Set(names(node, 'exclude_list'))
  const replaced = keyed(node, 'replace_list')
  const renamed = keyed(node, 'rename_list')
  return scope
    .star(text(node, 'relation_name').toLowerCase())
    .filter(([name]) => !excluded.has(name))
    .map(([name, column]): [string, ColumnOrigins] => {
      const replacement = replaced.get(name)
      const value = typeof replacement === 'object' ? expressionOrigins(replacement, scope) : column
      const rename = renamed.get(name)
      return [typeof rename === 'string' ? rename.toLowerCase() : name, value]
    })
}

/** A list of pairs, whose key may be a name or a column in braces. */
const keyed = (node: Node, key: string): ReadonlyMap<string, Node | string> =>
  new Map(
    children(node, key).map((pair): [string, Node | string] => {
      const name = typeof pair['key'] === 'string' ? pair['key'] : text(child(pair, 'key') ?? {}, 'column')
      return [name.toLowerCase(), child(pair, 'value') ?? text(pair, 'value')]
    }),
  )
