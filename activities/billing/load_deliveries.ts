import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { QualityRejected, SourceChanged } from '../../infra/errors.js'
import { openPlace } from '../../infra/lake/attachment.js'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { DataConfig } from '../../infra/resources.js'
import { openStore } from '../../infra/store/file_store.js'
import { lineItems } from '../../schemas/billing/bronze/line_items.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import { billingBronze } from '../../schemas/billing/bronze/stage.js'
import { commit, type Preparation } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import type { Receipt } from '../receipt.js'
import { stage, type Write } from '../write.js'
import type { BillingDependencies } from './dependencies.js'
import { type LoadState, plannedLoads } from './planned_loads.js'
import { openStaging, stagedLines, stageLines } from './stage_lines.js'

export interface LoadRequest {
  readonly asOf: string
  /** The snapshot that holds the plan. */
  readonly snapshotId: number
  /** Which load of the plan; absent: all of them, as one snapshot. */
  readonly batch?: number
  readonly force: boolean
}

export interface LoadResult {
  readonly receipt: Receipt
  /** Why the load was refused: nothing of it was written. */
  readonly failed?: string
  readonly note?: string
}

/**
 * Loads one delivery, or all of a plan, as one snapshot: each replaces its account's month. What is wrong with a delivery is recorded as
 * `failed` and returned; then nothing of this load is in the lake. Throws SourceUnavailable where the source does not answer.
 */
export const loadDeliveries = async (dependencies: BillingDependencies, request: LoadRequest): Promise<LoadResult> => {
  const { lake } = dependencies
  const plan = await lake.session((session) => plannedLoads(session, request))
  const loads = request.batch === undefined ? plan : plan.slice(request.batch, request.batch + 1)
  const folder = await stagingFolder(lake)
  try {
    return { receipt: await commitLoads(dependencies, request, loads, folder) }
  } catch (error) {
    if (!(error instanceof QualityRejected || error instanceof SourceChanged)) throw error
    return {
      receipt: await commitFailure(dependencies, request, loads, error.message),
      failed: error.message,
      note: `refused: ${error.message}`,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where DuckDB spills: what a killed process leaves there is removed with it. */
const stagingFolder = async (lake: Lake): Promise<string> => {
  const { spill } = await lake.session((session) => session.one("SELECT current_setting('temp_directory') AS spill"))
  return mkdtemp(path.join(String(spill), 'bills-'))
}

const commitLoads = (
  { lake, codeVersion, billingSource }: BillingDependencies,
  { asOf, batch, force }: LoadRequest,
  loads: readonly LoadState[],
  folder: string,
): Promise<Receipt> =>
  commit(lake, {
    stage: billingBronze,
    name: 'load',
    key: commitKey({
      pipeline: 'billing',
      logicalRun: asOf,
      step: 'load',
      ...(batch === undefined ? {} : { shard: batch }),
      decidedBy: [
        loads.map(({ account_id, billing_month, version_id, content_fingerprint }) => [
          account_id,
          billing_month,
          version_id,
          content_fingerprint,
        ]),
        force,
        codeVersion,
      ],
    }),
    message: `load ${loads
      .map(({ account_id, billing_month }) => `${account_id}/${billing_month}`)
      .join(', ')
      .slice(0, 500)}`,
    provenance: currentProvenance('billing', asOf, codeVersion),
    prepare: (session) => prepare(session, billingSource, loads, { force, folder }),
  })

const prepare = async (
  session: Session,
  source: DataConfig | undefined,
  loads: readonly LoadState[],
  { force, folder }: { readonly force: boolean; readonly folder: string },
): Promise<Preparation> => {
  if (source === undefined) throw new SourceChanged('BILLING_SOURCE is not set any more')
  const store = openStore(source)
  await openPlace(session, source, 'billing_source')
  await openStaging(session, folder)
  const states: LoadState[] = []
  for (const load of loads) states.push(await stageLines(session, store, load, folder))
  return {
    inputs: {},
    writes: [await lineWrite(session, loads), await stateWrite(session, states)],
    finish: (inside) => (force ? Promise.resolve() : assertNewest(inside, loads)),
  }
}

/** One month is a window, which DuckLake finds by its partition; several are named by a relation. */
const lineWrite = async (session: Session, loads: readonly LoadState[]): Promise<Write> => {
  const [first] = loads
  if (first !== undefined && loads.length === 1) {
    const { account_id, billing_month } = first
    const lane = { account_id }
    // The text after a month's, in the order of texts, is before the next month's.
    const source = { partition: account_id, start: `${billing_month}-01`, end: nextMonth(billing_month) }
    return {
      table: lineItems,
      staged: stagedLines,
      replaces: { kind: 'window', column: 'billing_month', from: billing_month, to: `${billing_month}~`, lane },
      source,
    }
  }
  const relation = quotedIdentifier('replaced months')
  await session.run(
    `CREATE TEMP TABLE ${relation} AS SELECT unnest(from_json($months, '["VARCHAR"]')) AS account_month`,
    { months: JSON.stringify(loads.map(({ account_id, billing_month }) => `${account_id}/${billing_month}`)) },
  )
  return { table: lineItems, staged: stagedLines, replaces: { kind: 'keys', columns: ['account_month'], relation } }
}

const nextMonth = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10)
}

const stateWrite = async (session: Session, states: readonly LoadState[]): Promise<Write> => {
  const staged = await stage(session, loadStates, states)
  return { table: loadStates, staged, replaces: { kind: 'keys', columns: loadStates.key, relation: staged } }
}

/** Whoever has loaded a later delivery since the plan was made stays: seen inside the transaction, so none can come between. */
const assertNewest = async (session: Session, loads: readonly LoadState[]): Promise<void> => {
  for (const { account_id, billing_month, version_id, delivered_at, logical_run } of loads) {
    const [current] = await session.all(
      `SELECT version_id, epoch_ms(delivered_at) AS delivered_ms FROM ${inLake(loadStates.name)}
      WHERE account_id = $account_id AND billing_month = $billing_month AND status = 'completed' AND logical_run <> $logical_run
      ORDER BY load_end_time DESC, logical_run DESC LIMIT 1`,
      { account_id, billing_month, logical_run },
    )
    if (current !== undefined && Number(current['delivered_ms']) > delivered_at.getTime())
      throw new QualityRejected(
        `${version_id} of ${account_id} ${billing_month} is older than ${current['version_id']}, which was loaded meanwhile; "force": true replaces it`,
      )
  }
}

const commitFailure = (
  { lake, codeVersion }: BillingDependencies,
  { asOf, batch }: LoadRequest,
  loads: readonly LoadState[],
  error: string,
): Promise<Receipt> =>
  commit(lake, {
    stage: billingBronze,
    name: 'load_failed',
    key: commitKey({
      pipeline: 'billing',
      logicalRun: asOf,
      step: 'load_failed',
      ...(batch === undefined ? {} : { shard: batch }),
      decidedBy: [loads.map(({ manifest_path }) => manifest_path), codeVersion],
    }),
    message: `refused ${loads.length} deliveries: ${error.slice(0, 300)}`,
    provenance: currentProvenance('billing', asOf, codeVersion),
    prepare: async (session) => ({
      inputs: {},
      writes: [
        await stateWrite(
          session,
          loads.map((load) => ({ ...load, status: 'failed', load_end_time: new Date(), error })),
        ),
      ],
    }),
  })
