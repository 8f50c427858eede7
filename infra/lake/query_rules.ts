import { InvalidInput } from '../errors.js'
import { type Node, parseSelect } from '../lineage/syntax.js'
import type { Session } from './session.js'

/** What a stranger's SELECT may name, as the engine is. Names in lower case. */
export interface QueryRules {
  /** Scalar and aggregate functions, operators among them. */
  readonly functions: ReadonlySet<string>
  /** The engine's own views, which answer to a name without a schema. */
  readonly systemViews: ReadonlySet<string>
}

/** Table functions that make rows of nothing but their arguments. Whoever reads a file, another database or the engine's state is not here. */
const tableFunctions = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree'])

/** Functions that tell of the machine, change the session, read SQL of their own, or only wait. */
const refusedFunctions =
  /^(__.*|getenv|current_setting|set_config|nextval|currval|write_log|parse_duckdb_log_message|json_serialize_plan|json_execute.*|sleep_ms|pg_sleep|inet_.*|load_.*|read_.*|query.*)$/

/** What else the syntax tree consists of: anything that a newer engine adds is refused until it was looked at. */
const harmlessParts =
  /^(SELECT_NODE|SET_OPERATION_NODE|RECURSIVE_CTE_NODE|CTE_NODE|[A-Z_]+_MODIFIER|ORDER_DEFAULT|ASCENDING|DESCENDING|[A-Z]+_TYPE_INFO|EMPTY|SUBQUERY|JOIN|EXPRESSION_LIST|PIVOT)$/

/** Functions that the engine's own list leaves out. */
const unlistedFunctions = ['unnest', 'grouping', 'error']

/** Asks the engine; it stays as it is. */
export const readQueryRules = async (session: Session): Promise<QueryRules> => {
  const functions = await namesOf(
    session,
    `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE internal AND function_type IN ('scalar', 'aggregate', 'macro')`,
  )
  return {
    functions: new Set([...functions.filter((name) => !refusedFunctions.test(name)), ...unlistedFunctions]),
    systemViews: new Set(
      await namesOf(session, 'SELECT DISTINCT view_name AS name FROM duckdb_views() WHERE internal'),
    ),
  }
}

/** `main` of the lake is empty, and under that name the engine finds views of its own. */
const readableSchemas = async (session: Session): Promise<ReadonlySet<string>> =>
  new Set(
    await namesOf(
      session,
      `SELECT schema_name AS name FROM __ducklake_metadata_lake.ducklake_schema WHERE schema_name <> 'main'`,
    ),
  )

const namesOf = async (session: Session, sql: string): Promise<string[]> =>
  (await session.all(sql)).map(({ name }) => String(name).toLowerCase())

/** Throws InvalidInput, with the mend, unless the text is one SELECT over tables of the lake with harmless functions. */
export const assertHarmless = async (session: Session, sql: string, rules: QueryRules): Promise<void> => {
  const tree = await parseSelect(session, sql).catch((cause: unknown) => {
    throw new InvalidInput(`sql: ${firstLine(cause)}; give one SELECT`, { cause })
  })
  const nodes = [...nodesOf(tree)]
  const schemas = await readableSchemas(session)
  const commonTables = new Set(nodes.flatMap(commonTablesOf))
  for (const name of commonTables) {
    if (rules.systemViews.has(name) || !/^\w+$/.test(name)) refuse(`a WITH query may not be called ${name}`)
  }
  const calledAsTables = new Set(
    nodes.flatMap(({ type, function: called }) => (type === 'TABLE_FUNCTION' ? [called] : [])),
  )
  for (const node of nodes) {
    if (typeof node['function_name'] === 'string') {
      checkFunction(lower(node, 'function_name'), calledAsTables.has(node) ? tableFunctions : rules.functions)
    }
    if (node['type'] === 'BASE_TABLE') checkTable(node, commonTables, schemas)
    else if (node['class'] === undefined && typeof node['type'] === 'string') checkPart(node['type'])
  }
}

const checkTable = (node: Node, commonTables: ReadonlySet<string>, schemas: ReadonlySet<string>): void => {
  const [catalog, schema, table] = [lower(node, 'catalog_name'), lower(node, 'schema_name'), lower(node, 'table_name')]
  if (catalog === '' && schema === '' && commonTables.has(table)) return
  if (['', 'lake'].includes(catalog) && schemas.has(schema)) return
  const name = [catalog, schema, table].filter((part) => part !== '').join('.')
  refuse(`${name} is no table of the lake; name it as \`npx tributary tables\` does`)
}

const checkFunction = (name: string, allowed: ReadonlySet<string>): void => {
  if (!allowed.has(name)) refuse(`the function ${name} is not available here`)
}

const checkPart = (type: string): void => {
  if (type !== 'TABLE_FUNCTION' && !harmlessParts.test(type)) refuse(`${type} is not available here; give one SELECT`)
}

const refuse = (message: string): never => {
  throw new InvalidInput(`sql: ${message}`)
}

const commonTablesOf = (node: Node): string[] => {
  const map = isNode(node['cte_map']) ? node['cte_map']['map'] : undefined
  return Array.isArray(map) ? map.map((entry) => (isNode(entry) ? lower(entry, 'key') : '')) : []
}

/** Every node of the tree, wherever it hangs. */
function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodesOf(each)
  if (!isNode(value)) return
  yield value
  for (const each of Object.values(value)) yield* nodesOf(each)
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

const lower = (node: Node, key: string): string => String(node[key] ?? '').toLowerCase()

const firstLine = (cause: unknown): string =>
  cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
