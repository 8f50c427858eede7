import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  continueAsNew,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow'
import type { z } from 'zod'
import type { LakeActivities } from '../../activities/lake/index.js'
import type { BackfillPlan } from '../../activities/lake/plan_backfill.js'
import { backfillInput } from '../../schemas/lake/backfill_input.js'
import { describeRun } from '../description.js'
import { parseInput } from '../logical_run.js'
import { derives } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'
import { BackfillWindows, type Tally, type WindowStatus } from './backfill_windows.js'

export interface BackfillResult extends Omit<Tally, 'after'> {
  readonly pipeline: string
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  /** Of a dry run: the first windows that would run. */
  readonly windows: readonly string[]
  readonly steps: readonly StepProgress[]
}

/** A window is some 10 events: a history is then read in one go, and the table of windows still looked through. */
const windowsPerRun = 50
/** Told of by a dry run: what a person looks through. */
const windowsTold = 1_000
const shownFailures = 10

/**
 * Runs a pipeline for every window of a range that is missing in the lake, some at a time and the oldest first. One that fails stops no
 * other. Begun again, cancelled or killed, it goes on with what is still missing. Fails in the end where a window did.
 */
export async function lakeBackfill(given?: z.input<typeof backfillInput>, carried?: Tally): Promise<BackfillResult> {
  const input = parseInput(backfillInput, given)
  const { pipeline, dryRun, parallel } = input
  describeRun('lake')
  let windows = new BackfillWindows([], carried ?? nothingYet)
  const progress = new Progress(['plan', 'windows'], { below: () => windows.markdown() })
  const lake = derives<LakeActivities>({ summary: `windows of ${pipeline}` })
  const range = { from: carried?.after ?? input.from, to: notLaterThanNow(input.to) }
  const plan = await progress.step('plan', () =>
    lake.planBackfill({ ...input, ...range, limit: dryRun ? windowsTold : windowsPerRun }),
  )
  const { total, present, missing, windows: wanted, run } = plan
  windows = new BackfillWindows(wanted, carried ?? { ...nothingYet, total, present, missing })
  const batches = dryRun ? 0 : wanted.length
  await progress.batches('windows', { batches, concurrent: parallel }, async (batch) => {
    const window = wanted[batch] ?? ''
    await runWindow(windows, run, { ...input.input, asOf: window })
    progress.show()
    return {}
  })
  const after = wanted.at(-1)
  if (!dryRun && after !== undefined && missing > wanted.length) {
    // A millisecond on: the range begins with its first window.
    const next = new Date(Date.parse(after) + 1).toISOString()
    return continueAsNew<typeof lakeBackfill>(given, { ...windows.tally, after: next })
  }
  const { failed, failures } = windows.tally
  if (failed > 0) throw ApplicationFailure.nonRetryable(failureText(failed, failures), 'BackfillIncomplete')
  const { from, to } = input
  return { ...windows.tally, pipeline, from, to, dryRun, windows: dryRun ? wanted : [], steps: progress.steps() }
}

const nothingYet: Tally = { total: 0, present: 0, missing: 0, done: 0, elsewhere: 0, failed: 0, failures: [] }

/** A run of a time to come would read what is not there yet. */
const notLaterThanNow = (to: string): string => {
  const now = workflowInfo().startTime.toISOString()
  return to < now ? to : now
}

const runWindow = async (
  windows: BackfillWindows,
  { workflowType, workflowIdPrefix, taskQueue }: BackfillPlan['run'],
  input: { readonly asOf: string },
): Promise<void> => {
  windows.set(input.asOf, 'running')
  try {
    await executeChild(workflowType, {
      taskQueue,
      workflowId: `${workflowIdPrefix}/${input.asOf}`,
      args: [input],
      staticSummary: `${workflowType} as of ${input.asOf}, by a backfill`,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    })
    windows.set(input.asOf, 'done')
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error
    if (error instanceof WorkflowExecutionAlreadyStartedError) windows.set(input.asOf, 'runs elsewhere')
    else if (error instanceof ChildWorkflowFailure) windows.set(input.asOf, 'failed', innermost(error))
    else throw error
  }
}

const innermost = (error: Error): string => (error.cause instanceof Error ? innermost(error.cause) : error.message)

const failureText = (failed: number, failures: readonly WindowStatus[]): string => {
  const lines = failures.slice(0, shownFailures).map(({ window, reason }) => `${window}: ${reason}`)
  const more = failed > shownFailures ? [`and ${failed - shownFailures} more`] : []
  return [`${failed} windows failed; the same backfill again goes on with them`, ...lines, ...more].join('\n')
}
