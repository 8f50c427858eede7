import { InvalidInput, SourceChanged } from '../../infra/errors.js'
import { openPlace } from '../../infra/lake/attachment.js'
import { present } from '../../infra/optional.js'
import { openStore } from '../../infra/store/file_store.js'
import type { BillingImportInput } from '../../schemas/billing/billing_import_input.js'
import { loadStates } from '../../schemas/billing/bronze/load_states.js'
import { billingBronze } from '../../schemas/billing/bronze/stage.js'
import type { Row } from '../../schemas/table.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import { findReceipt, type Receipt } from '../receipt.js'
import { stage } from '../write.js'
import { findDeliveries } from './deliveries.js'
import type { BillingDependencies } from './dependencies.js'
import { decide, readLoaded } from './loaded.js'
import { type AccountDelivery, withAccounts } from './payer.js'

export interface PlanLoadsRequest {
  readonly asOf: string
  readonly input: BillingImportInput
}

export interface PlannedLoads {
  /** Nothing where there is nothing to load. */
  readonly receipt?: Receipt
  readonly loads: number
  /** Deliveries that are there and are not loaded, with the reason. */
  readonly refused: readonly string[]
  /** What nobody can tell the account and month of, with the reason; absent where there is none. */
  readonly unreadable?: readonly string[]
  readonly note: string
}

/** So many are told; a source with years of late deliveries has more than a workflow's result may hold. */
const refusalsTold = 20

/**
 * Finds what is to be loaded and records it as `started`: the loads of the run read their share from there. Throws SourceChanged where a
 * manifest cannot be read and all or nothing was asked for.
 */
export const planLoads = async (
  { lake, codeVersion, billingSource }: BillingDependencies,
  { asOf, input }: PlanLoadsRequest,
): Promise<PlannedLoads> => {
  if (billingSource === undefined)
    throw new InvalidInput(
      'BILLING_SOURCE is not set: name the folder or s3://bucket/prefix that AWS delivers its reports to',
    )
  const store = openStore(billingSource)
  const key = commitKey({
    pipeline: 'billing',
    logicalRun: asOf,
    step: 'plan_loads',
    decidedBy: [input, store.place, codeVersion],
  })
  const { deliveries: found, unreadable } = await findDeliveries(store, input)
  if (unreadable.length > 0 && input.atomic === 'all') throw new SourceChanged(unreadable.join('; '))
  const told = present({ unreadable: unreadable.length === 0 ? undefined : unreadable.slice(0, refusalsTold) })
  const before = await lake.session((session) => findReceipt(session, key))
  if (before !== undefined) return { ...planned(before, []), ...told }
  const { deliveries, loaded } = await lake.session(async (session) => {
    await openPlace(session, billingSource, 'billing_source')
    return { deliveries: await withAccounts(session, store, found, input), loaded: await readLoaded(session) }
  })
  const decisions = deliveries.map((delivery) => ({
    delivery,
    decision: decide(delivery, loaded.get(`${delivery.accountId}/${delivery.billingMonth}`), input),
  }))
  const refused = decisions.flatMap(({ decision }) => (typeof decision === 'object' ? [decision.refused] : []))
  const rows = decisions.flatMap(({ delivery, decision }) => (decision === 'load' ? [startedRow(delivery, asOf)] : []))
  assertOneEach(rows)
  if (rows.length === 0) return { loads: 0, refused: refused.slice(0, refusalsTold), note: noteOf(0, refused), ...told }
  const receipt = await commit(lake, {
    stage: billingBronze,
    name: 'plan_loads',
    key,
    message: `plan ${rows.length} loads as of ${asOf}`,
    provenance: currentProvenance('billing', asOf, codeVersion),
    prepare: async (session) => {
      const staged = await stage(session, loadStates, rows)
      return { inputs: {}, writes: [{ table: loadStates, staged, replaces: { kind: 'nothing' } }] }
    },
  })
  return { ...planned(receipt, refused), ...told }
}

const planned = (receipt: Receipt, refused: readonly string[]): PlannedLoads => {
  const loads = receipt.rows[loadStates.name] ?? 0
  return { receipt, loads, refused: refused.slice(0, refusalsTold), note: noteOf(loads, refused) }
}

const noteOf = (loads: number, refused: readonly string[]): string =>
  [
    loads === 0 ? 'nothing new' : `${loads} to load`,
    ...(refused.length === 0 ? [] : [`${refused.length} refused: ${refused[0]}`]),
  ].join(', ')

const startedRow = (delivery: AccountDelivery, asOf: string): Row<typeof loadStates> => {
  return {
    version_id: delivery.versionId,
    account_id: delivery.accountId,
    export_name: delivery.exportName,
    billing_month: delivery.billingMonth,
    logical_run: asOf,
    manifest_path: delivery.manifestPath,
    delivered_at: delivery.deliveredAt,
    content_fingerprint: delivery.fingerprint,
    status: 'started',
    load_start_time: new Date(),
    load_end_time: null,
    record_count: null,
    manifest_record_count: delivery.recordCount === undefined ? null : BigInt(delivery.recordCount),
    total_cost: null,
    currency: null,
    file_paths:
      delivery.missingFiles.length > 0
        ? [...delivery.storedFiles, ...delivery.missingFiles]
        : [...delivery.storedFiles],
    source_columns: [],
    unknown_columns: [],
    dropped_columns: [],
    error: null,
  }
}

/** Two exports of one month, or several of its versions, would replace each other in no order that anybody chose. */
const assertOneEach = (rows: readonly Row<typeof loadStates>[]): void => {
  const seen = new Map<string, string>()
  for (const { account_id, billing_month, manifest_path } of rows) {
    const month = `${account_id} ${billing_month}`
    const other = seen.get(month)
    if (other !== undefined)
      throw new InvalidInput(
        `${month} would be loaded from ${other} and from ${manifest_path}; name one by "export" or "versions"`,
      )
    seen.set(month, manifest_path)
  }
}
