import {
  CancelledFailure,
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client'
import type { z } from 'zod'
import type { Config } from '../../infra/config.js'
import { InvalidInput, SourceUnavailable } from '../../infra/errors.js'
import { connectClient } from '../../infra/temporal/connection.js'
import { inputProblems } from '../../schemas/input.js'
import { backfillInput } from '../../schemas/lake/backfill_input.js'
import type { BackfillResult } from '../../workflows/lake/backfill.js'
import type { WindowStatus } from '../../workflows/lake/backfill_windows.js'
import { followRun } from '../follow_run.js'
import { count } from '../format.js'
import type { Output } from '../output.js'
import { domainNamed } from '../pipelines.js'
import { temporalOf } from './run.js'

/** Runs a pipeline for the windows of a range that are missing, and follows it. Ctrl-C cancels it, the terminal's end does not. */
export const runBackfill = async (
  config: Config,
  output: Output,
  log: (line: string) => void,
  given: z.input<typeof backfillInput>,
): Promise<void> => {
  domainNamed(given.pipeline)
  const parsed = backfillInput.safeParse(given)
  if (!parsed.success)
    throw new InvalidInput(
      inputProblems(parsed.error, given)
        .map((line) => `--${line}`)
        .join('\n'),
    )
  const client = await connectClient(await temporalOf(config))
  try {
    const workflowId = await startBackfill(client, given, parsed.data, log)
    const handle = client.workflow.getHandle(workflowId)
    const cancel = () => {
      log('cancelling; once more leaves it to itself …')
      void handle.cancel().catch((error: unknown) => log(String(error)))
    }
    process.once('SIGINT', cancel)
    const result = await followWindows(client, handle, log)
    process.removeListener('SIGINT', cancel)
    output.document({ workflow_id: workflowId, ...result }, () => {
      const { total, present, missing, done, elsewhere, dryRun, windows } = result
      if (!dryRun)
        return output.line(
          `${count(total)} windows: ${count(present)} were there, ${count(done)} done, ${count(elsewhere)} run elsewhere`,
        )
      output.line(`${count(total)} windows: ${count(present)} are there, ${count(missing)} would run`)
      for (const window of windows) output.line(`  ${window}`)
      if (missing > windows.length) output.line(`  and ${count(missing - windows.length)} more`)
    })
  } finally {
    await client.connection.close()
  }
}

/** The same command again finds the backfill that is still going. */
const startBackfill = async (
  client: Client,
  given: object,
  { pipeline, from, to, dryRun }: z.output<typeof backfillInput>,
  log: (line: string) => void,
): Promise<string> => {
  const workflowId = `lake/backfill${dryRun ? '-plan' : ''}/${pipeline}/${from}/${to}`
  try {
    await client.workflow.start('lakeBackfill', {
      taskQueue: 'lake',
      workflowId,
      args: [given],
      staticSummary: `${pipeline} from ${from} to ${to}${dryRun ? ', dry run' : ''}`,
    })
    log(`run ${workflowId}`)
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    log(`going on with the running backfill ${workflowId}`)
  }
  return workflowId
}

/** Prints each window's state as it changes. Resolves to the result; a backfill that was cancelled says how to go on. */
const followWindows = async (
  client: Client,
  handle: WorkflowHandle,
  log: (line: string) => void,
): Promise<BackfillResult> => {
  const shown = new Map<string, string>()
  const show = (windows: readonly WindowStatus[]) => {
    for (const { window, state, reason } of windows.filter(({ state }) => state !== 'waiting')) {
      if (shown.get(window) === state) continue
      shown.set(window, state)
      log(`  ${marks[state]} ${window}  ${state}${reason === undefined ? '' : `: ${reason}`}`)
    }
  }
  const look = async () => show(await handle.query<WindowStatus[]>('windows'))
  try {
    const result = await followRun<BackfillResult>(client, handle.workflowId, log, look)
    await look().catch(() => undefined)
    return result
  } catch (error) {
    await look().catch(() => undefined)
    const cause = error instanceof Error ? error.cause : undefined
    if (cause instanceof WorkflowFailedError && cause.cause instanceof CancelledFailure)
      throw new SourceUnavailable('cancelled; the same command again goes on with what is missing')
    throw error
  }
}

const marks = { waiting: ' ', running: '…', done: '✓', failed: '✗', 'runs elsewhere': '·' } as const
