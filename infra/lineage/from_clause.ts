import { expressionOrigins, influencesOf } from './expression.js'
import { type ColumnOrigins, computed, influences, merged, type Relation } from './origins.js'
import { queryRelation } from './query.js'
import { type Environment, emptyFrom, type From, Scope, visibleColumns } from './scope.js'
import { child, children, type Node, names, text } from './syntax.js'

/** The relations of a FROM. What stands further right may use those before it, as in a lateral join. */
export const fromClause = (node: Node, environment: Environment, outer: Scope | undefined): From => {
  switch (node['type']) {
    case 'EMPTY':
      return emptyFrom
    case 'BASE_TABLE':
      return single(node, text(node, 'table_name'), storedRelation(node, environment))
    case 'SUBQUERY': {
      const query = child(child(node, 'subquery') ?? {}, 'node')
      if (query === undefined) throw new Error('a subquery has no query')
      return single(node, '', queryRelation(query, environment, outer))
    }
    case 'EXPRESSION_LIST':
      return single(node, '', valuesRelation(node, new Scope(environment, emptyFrom, { outer })))
    case 'TABLE_FUNCTION':
      return tableFunction(node, new Scope(environment, emptyFrom, { outer }))
    case 'JOIN':
      return join(node, environment, outer)
    default:
      throw new Error(`${String(node['type'])} in a FROM is not resolved`)
  }
}

/** One relation under its alias, with the names that the alias gives its columns. */
const single = (node: Node, name: string, { columns, rows }: Relation): From => {
  const aliases = names(node, 'column_name_alias')
  const renamed = new Map([...columns].map(([own, column], index) => [aliases[index] ?? own, column]))
  const alias = (text(node, 'alias') || name).toLowerCase()
  return { tables: [{ alias, columns: renamed, hidden: new Set() }], shared: new Map(), rows }
}

const storedRelation = (node: Node, { withs, table }: Environment): Relation => {
  const parts = [text(node, 'catalog_name'), text(node, 'schema_name'), text(node, 'table_name')]
  const name = parts.filter((part) => part !== '').join('.')
  const relation = withs.get(name.toLowerCase()) ?? table(name)
  if (relation === undefined) throw new Error(`the relation "${name}" is none that the query was given`)
  return relation
}

const valuesRelation = (node: Node, scope: Scope): Relation => {
  const rows = node['values']
  const tuples = (Array.isArray(rows) ? rows : []).map((values: unknown) => children({ values }, 'values'))
  const columns = (tuples[0] ?? []).map((_, index): [string, ColumnOrigins] => {
    const cells = tuples.map((tuple) => tuple[index]).filter((cell) => cell !== undefined)
    return [`col${index}`, { origins: merged(...cells.map((cell) => expressionOrigins(cell, scope).origins)) }]
  })
  return { columns: new Map(columns), rows: merged() }
}

/** Functions whose result is one column, named like them. Of others only an alias list says what the columns are. */
const oneColumn = new Set(['unnest', 'range', 'generate_series'])

const tableFunction = (node: Node, scope: Scope): From => {
  const call = child(node, 'function') ?? {}
  const name = text(call, 'function_name')
  const aliases = names(node, 'column_name_alias')
  if (aliases.length === 0 && !oneColumn.has(name)) {
    throw new Error(`the columns of ${name}(...) are not known here: name them, ${name}(...) AS alias(column, ...)`)
  }
  const value = expressionOrigins(call, scope)
  const own = aliases.length > 0 ? aliases : [(oneColumn.has(name) && text(node, 'alias')) || name]
  const columns = new Map(own.map((each) => [each.toLowerCase(), value]))
  return single({ ...node, column_name_alias: [] }, name, { columns, rows: influences(value.origins) })
}

const join = (node: Node, environment: Environment, outer: Scope | undefined): From => {
  const left = fromClause(child(node, 'left') ?? {}, environment, outer)
  const right = fromClause(child(node, 'right') ?? {}, environment, new Scope(environment, left, { outer }))
  const kind = text(node, 'join_type')
  const [ours, theirs] = [new Map(visibleColumns(left)), new Map(visibleColumns(right))]
  const using =
    text(node, 'ref_type') === 'NATURAL'
      ? [...theirs.keys()].filter((name) => ours.has(name))
      : names(node, 'using_columns')
  const pairs = using.map((name) => ({ name, one: side(ours, name), other: side(theirs, name) }))
  const condition = child(node, 'condition')
  const both = {
    ...left,
    tables: [...left.tables, ...right.tables],
    shared: new Map([...left.shared, ...right.shared]),
  }
  const decided = merged(
    ...pairs.map(({ one, other }) => influences(one.origins, other.origins)),
    condition === undefined ? merged() : influencesOf([condition], new Scope(environment, both, { outer })),
  )
  // These ask whether the other side has a row, and take none from it.
  if (kind === 'SEMI' || kind === 'ANTI') {
    return { ...left, rows: merged(left.rows, influences(right.rows), decided) }
  }
  const shared = new Map(both.shared)
  for (const { name, one, other } of pairs) {
    // Of an inner or left join it is the left side's column, as it stands there.
    if (kind === 'RIGHT') shared.set(name, other)
    if (kind === 'FULL') shared.set(name, { origins: computed(one.origins, other.origins) })
  }
  const hidden = right.tables.map((table) => ({ ...table, hidden: new Set([...table.hidden, ...using]) }))
  return { tables: [...left.tables, ...hidden], shared, rows: merged(left.rows, right.rows, decided) }
}

const side = (columns: ReadonlyMap<string, ColumnOrigins>, name: string): ColumnOrigins => {
  const column = columns.get(name)
  if (column === undefined) throw new Error(`USING names "${name}", which one side of the join does not have`)
  return column
}
