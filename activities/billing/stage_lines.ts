import { randomUUID } from 'node:crypto'
import { SourceChanged, SourceUnavailable, TributaryError } from '../../infra/errors.js'
import { inLake, quotedIdentifier, quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { FileStore } from '../../infra/store/file_store.js'
import { lineItems } from '../../schemas/billing/bronze/line_items.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import { assertWhole, columnsOf, relationOf } from './delivery_files.js'
import { exactCostMacro, lineSelect } from './line_select.js'
import type { LoadState } from './planned_loads.js'
import { mapSource } from './source_mapping.js'

export const stagedLines = quotedIdentifier(`staged ${lineItems.name}`)

/**
 * Creates the relation that lines are staged in, empty: Parquet files of a folder. Most of the columns that a report may have it has
 * not, and in a temporary table each of them would take 16 bytes a line.
 */
export const openStaging = async (session: Session, folder: string): Promise<void> => {
  await session.run(exactCostMacro)
  const columns = Object.entries(lineItems.columns).map(
    ([name, { sql }]) => `NULL::${sql} AS ${quotedIdentifier(name)}`,
  )
  await session.run(`COPY (SELECT ${columns.join(', ')} LIMIT 0) TO ${stagedFile(folder, 'empty')} (FORMAT parquet)`)
  await session.run(`CREATE TEMP VIEW ${stagedLines} AS FROM read_parquet(${quotedLiteral(`${folder}/*.parquet`)})`)
}

const stagedFile = (folder: string, name: string): string => quotedLiteral(`${folder}/${name}.parquet`)

/**
 * Stages the lines of one delivery, in bounded memory. Resolves to its state as loaded. Throws SourceChanged, naming file, column and
 * value, where a file is missing, cut off or has something else in it than it should.
 */
export const stageLines = async (
  session: Session,
  store: FileStore,
  planned: LoadState,
  folder: string,
): Promise<LoadState> => {
  const { account_id, billing_month, version_id, manifest_path, file_paths } = planned
  const account_month = `${account_id}/${billing_month}`
  const stored = await store.survey()
  const missing = file_paths.find((name) => !stored.has(name))
  if (missing !== undefined)
    throw new SourceChanged(
      `${manifest_path}: names ${missing}, which is not in ${store.place}; have it delivered again`,
    )
  const loaded = { ...planned, status: 'completed', record_count: 0n, total_cost: '0' }
  if (file_paths.length === 0) return { ...loaded, load_end_time: new Date() }
  const whole = assertWhole(store, file_paths)
  whole.catch(() => undefined)
  // What a file that was cut off says of itself is beside the point.
  const explained = async (error: unknown): Promise<never> => {
    await whole
    throw explanation(manifest_path, error)
  }
  const columns = await columnsOf(session, relationOf(store, file_paths)).catch(explained)
  const mapping = mapSource(columns)
  if (mapping === undefined)
    throw new SourceChanged(
      `${manifest_path}: its files have neither identity_line_item_id nor BilledCost among their columns`,
    )
  const relation = relationOf(store, file_paths, mapping.format)
  const select = lineSelect(relation, mapping, { account_month, account_id, billing_month, version_id })
  const file = stagedFile(folder, randomUUID())
  await session.run(`COPY (${select}) TO ${file} (FORMAT parquet)`).catch(explained)
  await whole
  const { line_count, total_cost, currency } = await session.one(
    `SELECT count(*) AS line_count, coalesce(sum(coalesce(line_item_unblended_cost, billed_cost)), 0) AS total_cost,
      min(coalesce(line_item_currency_code, billing_currency)) AS currency
    FROM read_parquet(${file})`,
  )
  return {
    ...loaded,
    load_end_time: new Date(),
    record_count: BigInt(String(line_count)),
    total_cost: String(total_cost),
    currency: currency === null ? null : String(currency),
    source_columns: columns.map(({ name }) => name),
    unknown_columns: mapping.unknown.map(({ name }) => name),
    dropped_columns: await droppedColumns(
      session,
      planned,
      columns.map(({ name }) => name),
    ),
  }
}

/** What the load before this one had and this one has not. */
const droppedColumns = async (
  session: Session,
  { account_id, billing_month, export_name }: LoadState,
  now: readonly string[],
): Promise<string[]> => {
  const [before] = await session.all(
    `SELECT source_columns FROM ${inLake(loadStates.name)}
    WHERE account_id = $account_id AND export_name = $export_name AND billing_month <= $billing_month AND status = 'completed'
    ORDER BY billing_month DESC, load_end_time DESC LIMIT 1`,
    { account_id, billing_month, export_name },
  )
  const columns = before?.['source_columns']
  return Array.isArray(columns) ? columns.map(String).filter((name) => !now.includes(name)) : []
}

/** DuckDB's errors in the words of the taxonomy: what the files hold is not to be tried again, what cannot be reached is. */
const explanation = (manifestPath: string, cause: unknown): unknown => {
  if (cause instanceof TributaryError || !(cause instanceof Error)) return cause
  const reason = cause.message.split('\n')[0]
  if (/^(IO|HTTP|Connection) Error/.test(cause.message))
    return new SourceUnavailable(`${manifestPath}: its files cannot be read: ${reason}`, undefined, { cause })
  if (/^(Conversion|Invalid Input|Binder|Out of Range) Error/.test(cause.message))
    return new SourceChanged(`${manifestPath}: ${reason}`, { cause })
  return cause
}
