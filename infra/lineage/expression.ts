import { type ColumnOrigins, computed, either, influences, merged, nothing, type Origins } from './origins.js'
import { queryRelation } from './query.js'
import { emptyFrom, Scope } from './scope.js'
import { child, children, childrenAt, expressionsBelow, type Node, names, text } from './syntax.js'

/** Where the value of an expression comes from. Throws on a column that is not there and on syntax that is not known here. */
export const expressionOrigins = (node: Node, scope: Scope): ColumnOrigins => {
  switch (node['class']) {
    case 'COLUMN_REF':
      return scope.column(names(node, 'column_names'))
    case 'PARAMETER':
      return { origins: new Map([[`$${text(node, 'identifier')}`, 'copied']]) }
    case 'FUNCTION':
      return functionOrigins(node, scope)
    case 'WINDOW':
      return { origins: windowOrigins(node, scope) }
    case 'SUBQUERY':
      return { origins: subqueryOrigins(node, scope) }
    case 'LAMBDA':
      return { origins: lambdaOrigins(node, scope) }
    case 'STAR':
      throw new Error('COLUMNS(...) and * inside an expression are not resolved: name the columns')
    default:
      return { origins: computed(...all(expressionsBelow(node), scope)) }
  }
}

/** The columns an expression uses, as mere influences. */
export const influencesOf = (nodes: readonly Node[], scope: Scope): Origins => influences(...all(nodes, scope))

const all = (nodes: readonly Node[], scope: Scope): Origins[] =>
  nodes.map((node) => expressionOrigins(node, scope).origins)

const functionOrigins = (node: Node, scope: Scope): ColumnOrigins => {
  const name = text(node, 'function_name')
  const parts = children(node, 'children')
  if (name === 'struct_pack') {
    const fields = new Map(
      parts.map((part): [string, ColumnOrigins] => [fieldName(part), expressionOrigins(part, scope)]),
    )
    return { origins: computed(...[...fields.values()].map(({ origins }) => origins)), fields }
  }
  const values = parts.map((part) => expressionOrigins(part, scope))
  const [first, ...rest] = values
  // A list of structs is known by the fields of its elements, and so is each element of it.
  if (first !== undefined && (name === 'list_value' || name === 'unnest')) {
    const element = rest.reduce(either, first)
    return { ...element, origins: computed(element.origins) }
  }
  const counted = name === 'count_star' ? rowsOnly(scope) : nothing
  const clauses = [...childrenAt(node, ['filter']), ...childrenAt(node, ['order_bys']).flatMap(expressionsBelow)]
  return { origins: merged(computed(counted, ...values.map(({ origins }) => origins)), influencesOf(clauses, scope)) }
}

const fieldName = (part: Node): string =>
  (text(part, 'alias') || (names(part, 'column_names').at(-1) ?? '')).toLowerCase()

/** The rows of the FROM without what decides about them, which the relation tells anyway. */
const rowsOnly = (scope: Scope): Origins => new Map([...scope.from.rows].filter(([, how]) => how !== 'influences'))

/** What a window computes is its arguments' or, where it has none, a count of rows. */
const windowOrigins = (node: Node, scope: Scope): Origins => {
  const values = [...children(node, 'children'), ...childrenAt(node, ['default_expr'])]
  const clauses = [
    ...children(node, 'partitions'),
    ...[...children(node, 'orders'), ...children(node, 'arg_orders')].flatMap(expressionsBelow),
    ...childrenAt(node, ['filter_expr', 'start_expr', 'end_expr', 'offset_expr']),
  ]
  const counted = children(node, 'children').length === 0 ? rowsOnly(scope) : nothing
  return merged(computed(counted, ...all(values, scope)), influencesOf(clauses, scope))
}

const subqueryOrigins = (node: Node, scope: Scope): Origins => {
  const query = child(child(node, 'subquery') ?? {}, 'node')
  if (query === undefined) throw new Error('a subquery has no query')
  const { columns, rows } = queryRelation(query, scope.environment, scope)
  const values = [...columns.values()].map(({ origins }) => origins)
  const compared = child(node, 'child')
  return merged(
    // EXISTS asks for rows, whatever its SELECT says.
    computed(...(text(node, 'subquery_type') === 'EXISTS' ? [rows] : values)),
    computed(...(compared === undefined ? [] : all([compared], scope))),
    influences(rows),
  )
}

/** A lambda's own names are elements of the list beside it, which counts already. */
const lambdaOrigins = (node: Node, scope: Scope): Origins => {
  const left = child(node, 'lhs') ?? {}
  const parameters = text(left, 'class') === 'COLUMN_REF' ? [left] : children(left, 'children')
  const columns = new Map(
    parameters.map((each): [string, ColumnOrigins] => [names(each, 'column_names')[0] ?? '', { origins: nothing }]),
  )
  const tables = [{ alias: '', columns, hidden: new Set<string>() }]
  const inner = new Scope(scope.environment, { ...emptyFrom, tables, rows: scope.from.rows }, { outer: scope })
  const body = child(node, 'expr')
  return body === undefined ? nothing : computed(expressionOrigins(body, inner).origins)
}
