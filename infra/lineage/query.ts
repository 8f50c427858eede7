import { expressionOrigins, influencesOf } from './expression.js'
import { fromClause } from './from_clause.js'
import { type ColumnOrigins, either, influences, merged, type Origins, type Relation } from './origins.js'
import { type Environment, emptyFrom, Scope } from './scope.js'
import { selectList } from './select_list.js'
import { child, children, childrenAt, expressionsBelow, type Node, names, text } from './syntax.js'

/** Where the columns and the rows of a query come from, in the relations that the environment gives it. */
export const queryRelation = (node: Node, around: Environment, outer: Scope | undefined): Relation => {
  const environment = withClause(node, around, outer)
  switch (node['type']) {
    case 'SELECT_NODE':
      return select(node, environment, outer)
    case 'SET_OPERATION_NODE':
      return setOperation(node, environment, outer)
    case 'RECURSIVE_CTE_NODE':
      return recursion(node, environment, outer)
    default:
      throw new Error(`${String(node['type'])} as a query is not resolved`)
  }
}

const withClause = (node: Node, environment: Environment, outer: Scope | undefined): Environment => {
  const withs = new Map(environment.withs)
  for (const { key, value } of children(child(node, 'cte_map') ?? {}, 'map')) {
    const definition = child({ value }, 'value') ?? {}
    const query = child(child(definition, 'query') ?? {}, 'node') ?? {}
    const { columns, rows } = queryRelation(query, { ...environment, withs }, outer)
    const aliases = names(definition, 'aliases')
    const renamed = new Map([...columns].map(([name, column], index) => [aliases[index] ?? name, column]))
    withs.set(String(key).toLowerCase(), { columns: renamed, rows })
  }
  return { ...environment, withs }
}

const select = (node: Node, environment: Environment, outer: Scope | undefined): Relation => {
  const from = fromClause(child(node, 'from_table') ?? { type: 'EMPTY' }, environment, outer)
  const items = children(node, 'select_list')
  const own = new Map(
    items.flatMap((item): [string, Node][] => (text(item, 'alias') ? [[text(item, 'alias').toLowerCase(), item]] : [])),
  )
  const scope = new Scope(environment, from, { outer, own, resolve: expressionOrigins })
  const columns = selectList(items, scope)
  const conditions = childrenAt(node, ['where_clause', 'having', 'qualify'])
  const rows = merged(
    from.rows,
    influencesOf(conditions, scope),
    grouping(node, items, columns, scope),
    modifiers(node, columns, scope),
  )
  return { columns, rows }
}

type Columns = ReadonlyMap<string, ColumnOrigins>

/** `GROUP BY` by expression, by place in the SELECT, or `ALL`: by every item that aggregates nothing. */
const grouping = (node: Node, items: readonly Node[], columns: Columns, scope: Scope): Origins => {
  const { aggregates } = scope.environment
  const aggregatesSomething = (item: Node): boolean =>
    (item['class'] === 'FUNCTION' && aggregates.has(text(item, 'function_name'))) ||
    expressionsBelow(item).some(aggregatesSomething)
  const keys =
    text(node, 'aggregate_handling') === 'FORCE_AGGREGATES'
      ? items.filter((item) => !aggregatesSomething(item))
      : children(node, 'group_expressions')
  return merged(
    ...keys.map((key) =>
      key['class'] === 'STAR'
        ? influences(...originsOf(selectList([key], scope)))
        : influences(placed(key, columns) ?? expressionOrigins(key, scope).origins),
    ),
  )
}

/** The column that a bare number in GROUP BY or ORDER BY means. */
const placed = (key: Node, columns: Columns): Origins | undefined => {
  const place = key['class'] === 'CONSTANT' ? child(key, 'value')?.['value'] : undefined
  return typeof place === 'number' ? [...columns.values()][place - 1]?.origins : undefined
}

/** ORDER BY, LIMIT and DISTINCT. ORDER BY looks at the SELECT's own names first. */
const modifiers = (node: Node, columns: Columns, scope: Scope): Origins =>
  merged(
    ...children(node, 'modifiers').map((modifier) => {
      if (modifier['type'] === 'DISTINCT_MODIFIER') {
        const targets = children(modifier, 'distinct_on_targets')
        return targets.length > 0 ? influencesOf(targets, scope) : influences(...originsOf(columns))
      }
      const result = new Map([...columns].map(([name, column]): [string, ColumnOrigins] => [name, column]))
      const tables = [{ alias: '', columns: result, hidden: new Set<string>() }]
      const named = new Scope(scope.environment, { ...emptyFrom, tables, rows: scope.from.rows }, { outer: scope })
      const keys = expressionsBelow(modifier)
      return merged(...keys.map((key) => influences(placed(key, columns) ?? expressionOrigins(key, named).origins)))
    }),
  )

const originsOf = (columns: Columns): Origins[] => [...columns.values()].map(({ origins }) => origins)

const setOperation = (node: Node, environment: Environment, outer: Scope | undefined): Relation => {
  const [left, right] = ['left', 'right'].map((key) => queryRelation(child(node, key) ?? {}, environment, outer))
  if (left === undefined || right === undefined) throw new Error('a set operation has two sides')
  const kind = text(node, 'setop_type')
  const columns = kind === 'EXCEPT' || kind === 'INTERSECT' ? left.columns : stacked(kind, left.columns, right.columns)
  const compared =
    node['setop_all'] === true && kind.startsWith('UNION')
      ? []
      : [...originsOf(left.columns), ...originsOf(right.columns)]
  const scope = new Scope(environment, { ...emptyFrom, rows: left.rows }, { outer })
  return { columns, rows: merged(left.rows, right.rows, influences(...compared), modifiers(node, columns, scope)) }
}

/** The columns of both branches, by name or by place. */
const stacked = (kind: string, left: Columns, right: Columns): Columns => {
  const columns = new Map(left)
  const names = [...left.keys()]
  for (const [index, [name, column]] of [...right].entries()) {
    const under = kind === 'UNION_BY_NAME' ? name : names[index]
    if (under === undefined) throw new Error('the branches of a UNION have different numbers of columns')
    const known = columns.get(under)
    columns.set(under, known === undefined ? column : either(known, column))
  }
  return columns
}

/** A recursive query is gone through until another turn finds no further origin. */
const recursion = (node: Node, environment: Environment, outer: Scope | undefined): Relation => {
  const name = text(node, 'cte_name').toLowerCase()
  let known = queryRelation(child(node, 'left') ?? {}, environment, outer)
  for (;;) {
    const withs = new Map([...environment.withs, [name, known]])
    const turn = queryRelation(child(node, 'right') ?? {}, { ...environment, withs }, outer)
    const next = { columns: stacked('UNION', known.columns, turn.columns), rows: merged(known.rows, turn.rows) }
    if (signature(next) === signature(known)) return next
    known = next
  }
}

const signature = ({ columns, rows }: Relation): string =>
  JSON.stringify([...originsOf(columns), rows].map((each) => [...each].sort()))
