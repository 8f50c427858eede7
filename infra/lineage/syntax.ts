import type { Session } from '../lake/session.js'

/** A node of DuckDB's own syntax tree, as `json_serialize_sql` writes it. */
export type Node = Readonly<Record<string, unknown>>

export interface Parser {
  /** The query's tree. Throws where DuckDB cannot read it as one SELECT. */
  parse(sql: string): Promise<Node>
  /** Names of aggregate functions: what `GROUP BY ALL` does not group by. */
  readonly aggregates: ReadonlySet<string>
}

/** DuckDB's parser; it looks at no table. */
export const createParser = async (session: Session): Promise<Parser> => {
  const functions = await session.all(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'",
  )
  return {
    parse: (sql) => parseSelect(session, sql),
    aggregates: new Set(functions.map(({ function_name }) => String(function_name))),
  }
}

/** The tree of a text that is one SELECT; throws where DuckDB cannot read it as that. */
export const parseSelect = async (session: Session, sql: string): Promise<Node> => {
  const { tree } = await session.one('SELECT json_serialize_sql($sql::VARCHAR) AS tree', { sql })
  const document = nodeOf(JSON.parse(String(tree)))
  const [statement, ...others] = children(document, 'statements')
  if (statement === undefined || others.length > 0) {
    throw new Error(`DuckDB cannot read this as one SELECT: ${text(document, 'error_message')}\n${sql}`)
  }
  return child(statement, 'node') ?? statement
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

const nodeOf = (value: unknown): Node => (isNode(value) ? value : {})

export const child = (node: Node, key: string): Node | undefined => {
  const value = node[key]
  return isNode(value) ? value : undefined
}

export const children = (node: Node, key: string): readonly Node[] => {
  const value = node[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The nodes that stand under these keys. */
export const childrenAt = (node: Node, keys: readonly string[]): readonly Node[] =>
  keys.map((key) => node[key]).filter(isNode)

export const text = (node: Node, key: string): string => {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}

/** A list of names, in lower case, as SQL compares them. */
export const names = (node: Node, key: string): readonly string[] => {
  const value = node[key]
  return Array.isArray(value) ? value.map((name) => String(name).toLowerCase()) : []
}

/** The expressions right below a node, whatever keys hold them. */
export const expressionsBelow = (node: Node): readonly Node[] =>
  Object.values(node).flatMap((value) =>
    (Array.isArray(value) ? value : [value])
      .filter(isNode)
      .flatMap((each) => (typeof each['class'] === 'string' ? [each] : expressionsBelow(each))),
  )
