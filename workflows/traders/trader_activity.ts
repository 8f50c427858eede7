import { condition, continueAsNew, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow'
import type { z } from 'zod'
import type { TradersActivities } from '../../activities/traders/index.js'
import { traderActivityInput } from '../../schemas/traders/trader_activity_input.js'
import { describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { derives } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'

/** Says that deliveries were committed: whoever is at work makes another pass. */
export const deliveriesCommitted = defineSignal('deliveriesCommitted')

export interface TraderActivityResult {
  readonly asOf: string
  readonly passes: number
  /** Of the last pass. */
  readonly steps: readonly StepProgress[]
}

const stepNames = ['trades', 'check', 'alerts', 'deliveries']
/** A receiver of alerts that is away for longer is tried again by a later run. */
const patienceMs = 5 * 60_000
/** Some 20 events a pass: far below what a history may hold. */
const passesPerHistory = 300

/**
 * Deliveries -> trades -> alerts -> receivers, and a look at the webhook now and then. A pass takes all that has come since the last; there is another
 * as long as deliveries come, or alerts wait to be tried again soon.
 */
export async function traderActivity(given?: z.input<typeof traderActivityInput>): Promise<TraderActivityResult> {
  const input = parseInput(traderActivityInput, given)
  let asOf = logicalTime(input.asOf)
  describeRun('traders')
  let isNew = false
  setHandler(deliveriesCommitted, () => {
    isNew = true
  })
  const lake = (summary: string) => derives<TradersActivities>({ summary })
  for (let pass = 1; ; pass += 1) {
    isNew = false
    const progress = new Progress(stepNames)
    await progress.step('trades', () => lake('what has come since').deriveTrades({ asOf }))
    const { receipt: checked } = await progress.step('check', () =>
      lake('webhook and polling').checkWebhook({ asOf, check: input.check }),
    )
    // What it may have fetched is told of in the same pass.
    if (checked !== undefined) await progress.step('trades', () => lake('what was fetched').deriveTrades({ asOf }))
    await progress.step('alerts', () => lake('what nobody was told of yet').raiseAlerts({ asOf, alerts: input.alerts }))
    const { nextInMs } = await progress.step('deliveries', () => lake('to the receivers').deliverAlerts({ asOf }))
    if (!isNew) {
      if (nextInMs === undefined || nextInMs > patienceMs) return { asOf, passes: pass, steps: progress.steps() }
      await condition(() => isNew, Math.max(nextInMs, 1))
    }
    // The workflow's own clock: the same when its history is replayed, and never before the last pass.
    asOf = new Date(Math.max(Date.parse(asOf), Date.now())).toISOString()
    if (pass >= passesPerHistory || workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof traderActivity>({ ...input, asOf })
  }
}
