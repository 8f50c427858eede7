import { ApplicationFailure } from '@temporalio/workflow'
import type { z } from 'zod'
import type { BillingActivities } from '../../activities/billing/index.js'
import { billingImportInput } from '../../schemas/billing/billing_import_input.js'
import { describeResult, describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { derives, fetches } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'

export interface BillingImportResult {
  readonly asOf: string
  /** The snapshot that holds the costs; absent where nothing was loaded. */
  readonly snapshotId?: number
  readonly loads: number
  /** Deliveries that are older than what is loaded, or of another export: left alone. */
  readonly refused: readonly string[]
  readonly steps: readonly StepProgress[]
}

const stepNames = ['plan', 'load', 'silver', 'gold', 'publish']

/**
 * AWS's deliveries -> bronze -> silver -> gold -> published views. What is new is loaded, each account's month as a whole or not at all.
 * A delivery that cannot be loaded does not keep the others from being published; the run fails at its end and says why.
 */
export async function billingImport(given?: z.input<typeof billingImportInput>): Promise<BillingImportResult> {
  const input = parseInput(billingImportInput, given)
  const asOf = logicalTime(input.asOf)
  describeRun('billing')
  const progress = new Progress(stepNames)
  const source = (summary: string) => fetches<BillingActivities>({ summary })
  const lake = (summary: string) => derives<BillingActivities>({ summary })

  const plan = await progress.step('plan', () => source('what is new').planLoads({ asOf, input }))
  const planned = plan.receipt
  const { unreadable = [] } = plan
  if (planned === undefined) {
    if (unreadable.length > 0) throw refusal(unreadable, unreadable.length)
    return { asOf, loads: 0, refused: plan.refused, steps: progress.steps() }
  }
  const { force } = input
  const request = { asOf, snapshotId: planned.snapshotId, force }
  const loads =
    input.atomic === 'all'
      ? [await progress.step('load', () => source(`${plan.loads} deliveries`).loadDeliveries(request))]
      : await progress.batches('load', { batches: plan.loads, concurrent: input.maxConcurrentLoads }, (batch) =>
          source(`delivery ${batch + 1} of ${plan.loads}`).loadDeliveries({ ...request, batch }),
        )
  const failed = [...unreadable, ...loads.flatMap((load) => load.failed ?? [])]
  const deliveries = unreadable.length + loads.length
  if (failed.length === deliveries) throw refusal(failed, deliveries)
  const bronze = Math.max(...loads.map(({ receipt }) => receipt.snapshotId))
  const silver = await progress.step('silver', () =>
    lake(`from snapshot ${bronze}`).deriveSilver({ asOf, snapshotId: bronze }),
  )
  const gold = await progress.step('gold', () =>
    lake(`from snapshot ${silver.receipt.snapshotId}`).deriveGold({ asOf, snapshotId: silver.receipt.snapshotId }),
  )
  const { snapshotId } = gold.receipt
  await progress.step('publish', () => lake(`snapshot ${snapshotId}`).publish({ asOf, snapshotId }))
  describeResult(snapshotId, failed.length === 0)
  if (failed.length > 0) throw refusal(failed, deliveries)
  return { asOf, snapshotId, loads: loads.length, refused: plan.refused, steps: progress.steps() }
}

/** As many as a person reads in a failure; all are in `load_states`. */
const reasonsTold = 5

const refusal = (failed: readonly string[], deliveries: number): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `${failed.length} of ${deliveries} loads were refused, and nothing of them is in the lake:\n${failed.slice(0, reasonsTold).join('\n')}`,
    'QualityRejected',
  )
