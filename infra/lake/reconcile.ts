import type { Column } from '../../schemas/column.js'
import { meta } from '../../schemas/meta/index.js'
import type { Stage, Table } from '../../schemas/table.js'
import { InvalidInput } from '../errors.js'
import { recordChanges } from './changes.js'
import { inLake, quotedIdentifier, quotedLiteral } from './identifier.js'
import type { Lake } from './lake.js'
import type { Session } from './session.js'

/** Rows of the fence and meta tables stay in the catalog up to this many between flushes: a commit then adds no small file. */
const inlinedRowLimit = 10_000

interface StoredColumn {
  readonly type: string
  readonly nullable: boolean
}

/**
 * Brings the catalog to the definitions: creates what is missing, adds nullable columns, widens types. Anything else is refused,
 * before anything is changed, with InvalidInput that lists every difference and the migration to write.
 */
export const reconcile = async (lake: Lake, stages: readonly Stage[]): Promise<void> => {
  const all = [meta, ...stages]
  await lake.session(async (session) => {
    const stored = await storedColumns(session)
    const plans = all.flatMap(({ tables }) => tables.map((table) => planTable(table, stored.get(table.name))))
    const refusals = plans.flatMap(({ refused }) => refused)
    if (refusals.length > 0) {
      throw new InvalidInput(
        `the lake's tables differ from their definitions:\n${refusals.map((line) => `  ${line}`).join('\n')}`,
      )
    }
    const schemas = all.map(({ name }) => `CREATE SCHEMA IF NOT EXISTS lake.${quotedIdentifier(name)}`)
    const created = all.flatMap(({ tables }) => tables.filter(({ name }) => !stored.has(name)))
    const fences = stages
      .filter(({ name }) => !stored.has(`${name}._fence`))
      .map(({ name }) => `CREATE TABLE ${inLake(`${name}._fence`)} (version BIGINT)`)
    const statements = [...fences, ...plans.flatMap(({ statements }) => statements)]
    if (statements.length > 0) {
      for (const statement of schemas) await session.run(statement)
      await setMetaOption(session)
      await session.transaction(async () => {
        for (const statement of statements) await session.run(statement)
        await recordChanges(
          session,
          'tributary/reconcile',
          created.map(({ name, dataset }) => ({
            dataset: name,
            type: 'create',
            description: `created as ${dataset.name}`,
          })),
        )
        await session.run(`CALL lake.set_commit_message('tributary', 'reconcile the definitions')`)
      })
    }
    await setOptions(session, stages)
    for (const { name } of stages) {
      // After the options, so that the row is kept in the catalog and not in a file.
      const fence = inLake(`${name}._fence`)
      await session.run(`INSERT INTO ${fence} SELECT 0 WHERE NOT EXISTS (FROM ${fence})`)
    }
  })
}

const storedColumns = async (session: Session): Promise<Map<string, Map<string, StoredColumn>>> => {
  const tables = new Map<string, Map<string, StoredColumn>>()
  const rows = await session.all(`
    SELECT schema_name || '.' || table_name AS table_name, column_name, data_type, is_nullable
    FROM duckdb_columns() WHERE database_name = 'lake'`)
  for (const { table_name, column_name, data_type, is_nullable } of rows) {
    const columns = tables.get(String(table_name)) ?? new Map<string, StoredColumn>()
    columns.set(String(column_name), { type: String(data_type), nullable: is_nullable === true })
    tables.set(String(table_name), columns)
  }
  return tables
}

interface Plan {
  readonly statements: readonly string[]
  readonly refused: readonly string[]
}

/** What one table needs, against what is stored of it (undefined: nothing is). */
export const planTable = (table: Table, stored: ReadonlyMap<string, StoredColumn> | undefined): Plan => {
  if (stored === undefined) return { statements: createTable(table), refused: [] }
  const plans = Object.entries(table.columns).map(([name, column]) => planColumn(table, name, column, stored.get(name)))
  const dropped = [...stored.keys()].filter((name) => table.columns[name] === undefined)
  return {
    statements: plans.flatMap(({ statements }) => statements),
    refused: [
      ...plans.flatMap(({ refused }) => refused),
      ...dropped.map(
        (name) =>
          `${table.name}.${name} is stored but no longer defined; migrate: ALTER TABLE ${inLake(table.name)} DROP COLUMN ${name}`,
      ),
    ],
  }
}

const createTable = (table: Table): string[] => {
  const columns = Object.entries(table.columns).map(
    ([name, { sql, nullable }]) => `${quotedIdentifier(name)} ${sql}${nullable ? '' : ' NOT NULL'}`,
  )
  const name = inLake(table.name)
  return [
    `CREATE TABLE ${name} (${columns.join(', ')})`,
    ...(table.partitionedBy.length > 0
      ? [`ALTER TABLE ${name} SET PARTITIONED BY (${table.partitionedBy.join(', ')})`]
      : []),
    ...(table.sortedBy.length > 0 ? [`ALTER TABLE ${name} SET SORTED BY (${table.sortedBy.join(', ')})`] : []),
  ]
}

const planColumn = (table: Table, name: string, column: Column, stored: StoredColumn | undefined): Plan => {
  const alter = `ALTER TABLE ${inLake(table.name)}`
  const refuse = (what: string, migration: string): Plan => ({
    statements: [],
    refused: [`${table.name}.${name} ${what}; migrate: ${migration}`],
  })
  if (stored === undefined) {
    return column.nullable
      ? { statements: [`${alter} ADD COLUMN ${quotedIdentifier(name)} ${column.sql}`], refused: [] }
      : refuse('is new and has no value in old rows', 'define it nullable, or make a new major version of the table')
  }
  const type = column.sql === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : column.sql
  if (type !== stored.type && !widens(stored.type, type)) {
    return refuse(`is stored as ${stored.type} but defined as ${type}`, 'make a new major version of the table')
  }
  if (!column.nullable && stored.nullable) {
    return refuse(
      'is stored nullable but defined required',
      `fill its NULLs, then ${alter} ALTER COLUMN ${name} SET NOT NULL`,
    )
  }
  return {
    statements: [
      ...(type === stored.type ? [] : [`${alter} ALTER COLUMN ${quotedIdentifier(name)} SET DATA TYPE ${column.sql}`]),
      ...(column.nullable === stored.nullable ? [] : [`${alter} ALTER COLUMN ${quotedIdentifier(name)} DROP NOT NULL`]),
    ],
    refused: [],
  }
}

/** Whether every value of `from` is exact in `to`. DuckLake itself would let a DECIMAL lose digits. */
const widens = (from: string, to: string): boolean => {
  if (from === 'INTEGER' && to === 'BIGINT') return true
  const [before, after] = [from, to].map((type) => /^DECIMAL\((\d+),(\d+)\)$/.exec(type)?.slice(1).map(Number))
  const [width = 0, scale = 0] = before ?? []
  const [newWidth = 0, newScale = 0] = after ?? []
  return before !== undefined && after !== undefined && newScale >= scale && newWidth - newScale >= width - scale
}

/** Options are not part of a transaction; each is set when the catalog does not hold it yet. */
const setOptions = async (session: Session, stages: readonly Stage[]): Promise<void> => {
  const entries = await inlinedScopes(session)
  for (const { name } of stages) {
    if (entries.has(`${name}._fence`)) continue
    await session.run(inlineLimit(`schema => ${quotedLiteral(name)}, table_name => '_fence'`))
  }
}

/** Before the tables are created, so that the rows that say so are kept in the catalog already. */
const setMetaOption = async (session: Session): Promise<void> => {
  if (!(await inlinedScopes(session)).has('meta')) await session.run(inlineLimit(`schema => 'meta'`))
}

const inlinedScopes = async (session: Session): Promise<Set<string>> => {
  const held = await session.all(`SELECT scope_entry FROM lake.options() WHERE option_name = 'data_inlining_row_limit'`)
  return new Set(held.map(({ scope_entry }) => String(scope_entry)))
}

const inlineLimit = (scope: string): string =>
  `CALL lake.set_option('data_inlining_row_limit', ${inlinedRowLimit}, ${scope})`
