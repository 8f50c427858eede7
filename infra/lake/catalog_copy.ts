import { InvalidInput } from '../errors.js'
import { quotedIdentifier, quotedLiteral } from './identifier.js'
import { inlinedColumn } from './inlined_column.js'
import type { Session } from './session.js'

/** A DuckLake attached to the session's instance: its alias, and what keeps its catalog. */
export interface AttachedCatalog {
  readonly alias: string
  readonly kind: 'file' | 'postgres'
}

/** The catalog format whose tables these are. */
const knownFormat = '1.0'

/** Without `files_scheduled_for_deletion`: such files are not carried, so the copy does not ask for their deletion. */
const formatTables = [
  'metadata',
  'snapshot',
  'snapshot_changes',
  'schema',
  'schema_versions',
  'table',
  'table_stats',
  'table_column_stats',
  'view',
  'tag',
  'column',
  'column_tag',
  'column_mapping',
  'name_mapping',
  'data_file',
  'delete_file',
  'file_column_stats',
  'file_variant_stats',
  'file_partition_value',
  'partition_info',
  'partition_column',
  'sort_info',
  'sort_expression',
  'macro',
  'macro_impl',
  'macro_parameters',
  'inlined_data_tables',
].map((name) => `ducklake_${name}`)

/** Where a DuckLake's own tables are. */
export const catalogTable = (alias: string, table: string): string =>
  `${quotedIdentifier(`__ducklake_metadata_${alias}`)}.${quotedIdentifier(table)}`

/**
 * Makes one catalog equal to another, history and inlined rows included, in one transaction that reads one state of it, whatever
 * is committed meanwhile; only the data path is the copy's own. What the copy held is gone. It must be attached again afterwards.
 */
export const copyCatalog = async (session: Session, from: AttachedCatalog, to: AttachedCatalog): Promise<void> => {
  // What another process has created since the attachment is not listed without this.
  if (from.kind === 'postgres') await session.run('CALL pg_clear_cache()')
  await session.transaction(async () => {
    const { version } = await session.one(
      `SELECT value AS version FROM ${catalogTable(from.alias, 'ducklake_metadata')} WHERE key = 'version'`,
    )
    if (version !== knownFormat)
      throw new InvalidInput(
        `the catalog has DuckLake's format ${version}, and ${knownFormat} can be copied; use that build`,
      )
    const { path } = await session.one(
      `SELECT value AS path FROM ${catalogTable(to.alias, 'ducklake_metadata')} WHERE key = 'data_path'`,
    )
    for (const table of formatTables) {
      await session.run(`DELETE FROM ${catalogTable(to.alias, table)}`)
      await session.run(`INSERT INTO ${catalogTable(to.alias, table)} BY NAME FROM ${catalogTable(from.alias, table)}`)
    }
    for (const table of await inlinedTables(session, from)) await copyInlined(session, from, to, table)
    await session.run(
      `UPDATE ${catalogTable(to.alias, 'ducklake_metadata')} SET value = ${quotedLiteral(String(path))} WHERE key = 'data_path'`,
    )
  })
}

/** The tables that keep rows, and deletions of rows in files, in the catalog itself. Only a look tells whether one of the latter exists. */
const inlinedTables = async (session: Session, { alias }: AttachedCatalog): Promise<string[]> => {
  const data = await session.all(`SELECT table_name FROM ${catalogTable(alias, 'ducklake_inlined_data_tables')}`)
  const ids = await session.all(`SELECT DISTINCT table_id FROM ${catalogTable(alias, 'ducklake_table')}`)
  const found = data.map(({ table_name }) => String(table_name))
  for (const { table_id } of ids) {
    const table = `ducklake_inlined_delete_${table_id}`
    const exists = await session.all(`DESCRIBE ${catalogTable(alias, table)}`).then(
      () => true,
      (error: Error) => {
        if (error.message.includes('does not exist')) return false
        throw error
      },
    )
    if (exists) found.push(table)
  }
  return found
}

interface CopiedColumn {
  readonly name: string
  readonly type: string
  readonly value: string
}

const copyInlined = async (
  session: Session,
  from: AttachedCatalog,
  to: AttachedCatalog,
  table: string,
): Promise<void> => {
  const columns = await inlinedColumns(session, from, to, table)
  const definitions = columns.map(({ name, type }) => `${quotedIdentifier(name)} ${type}`)
  const values = columns.map(({ name, value }) => `${value} AS ${quotedIdentifier(name)}`)
  await session.run(`CREATE TABLE ${catalogTable(to.alias, table)} (${definitions.join(', ')})`)
  await session.run(
    `INSERT INTO ${catalogTable(to.alias, table)} BY NAME SELECT ${values.join(', ')} FROM ${catalogTable(from.alias, table)}`,
  )
}

const described = async (session: Session, { alias }: AttachedCatalog, table: string): Promise<CopiedColumn[]> => {
  const rows = await session.all(`DESCRIBE ${catalogTable(alias, table)}`)
  return rows.map((row) => {
    const name = String(row['column_name'])
    return { name, type: String(row['column_type']), value: quotedIdentifier(name) }
  })
}

const systemColumns = ['row_id', 'begin_snapshot', 'end_snapshot']

/** The columns of rows that a catalog keeps itself, as the other catalog keeps the lake's types. */
const inlinedColumns = async (
  session: Session,
  from: AttachedCatalog,
  to: AttachedCatalog,
  table: string,
): Promise<CopiedColumn[]> => {
  const stored = await described(session, from, table)
  if (from.kind === to.kind || table.startsWith('ducklake_inlined_delete_')) return stored
  // A name can have had several types: the one of the time when these rows were written comes last and counts.
  const rows = await session.all(
    `
    SELECT c.column_name, c.column_type
    FROM ${catalogTable(from.alias, 'ducklake_inlined_data_tables')} AS i
    JOIN ${catalogTable(from.alias, 'ducklake_column')} AS c USING (table_id)
    LEFT JOIN ${catalogTable(from.alias, 'ducklake_schema_versions')} AS v
      ON v.schema_version = i.schema_version AND c.begin_snapshot <= v.begin_snapshot
        AND coalesce(c.end_snapshot > v.begin_snapshot, true)
    WHERE i.table_name = $table
    ORDER BY v.begin_snapshot NULLS FIRST`,
    { table },
  )
  const types = new Map(rows.map((row) => [String(row['column_name']), String(row['column_type'])]))
  return stored.map(({ name, type }) => {
    const lakeType = types.get(name)
    if (systemColumns.includes(name)) return { name, type, value: quotedIdentifier(name) }
    const column = lakeType === undefined ? undefined : inlinedColumn(name, lakeType, to.kind)
    if (column !== undefined) return { name, ...column }
    throw new InvalidInput(
      `${table}.${name}: rows of ${lakeType} that a catalog keeps itself cannot be carried to one of another kind; write them to files first: npx tributary maintain`,
    )
  })
}
