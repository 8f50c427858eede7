import { setTimeout as sleep } from 'node:timers/promises'
import { ApplicationFailure, type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import { InvalidInput, SourceUnavailable } from '../infra/errors.js'
import type { StepProgress } from '../workflows/progress.js'

/** What every pipeline's main workflow resolves to, at least. */
export interface RunResult {
  readonly steps: readonly StepProgress[]
}

/** Often enough to look alive, seldom enough to cost nothing. */
const pollIntervalMs = 500

/**
 * Prints what each step of a run has done, as it does it, and why a part is tried again, until the run ends. Resolves to its
 * result; throws where it failed, saying at which step and why.
 */
export const followRun = async <Result extends RunResult>(
  client: Client,
  workflowId: string,
  log: (line: string) => void,
  /** Shows more of the run, as often as its steps are. */
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<Result> => {
  const handle = client.workflow.getHandle(workflowId)
  const shown = new Map<string, string>()
  const show = (steps: readonly StepProgress[]) => {
    for (const step of steps.filter(({ state }) => state !== 'waiting')) {
      const text = stepText(step)
      if (shown.get(step.step) !== text) log(text)
      shown.set(step.step, text)
    }
  }
  const showRetries = (retries: ReadonlyMap<string, string>) => {
    for (const [part, reason] of retries) {
      if (shown.get(part) !== reason) log(`  ! ${reason}; it is tried again`)
      shown.set(part, reason)
    }
  }
  let ended = false
  const result = handle.result().finally(() => {
    ended = true
  })
  result.catch(() => undefined)
  while (!ended) {
    // The query fails while no worker is there to answer; the run goes on all the same.
    await handle.query<StepProgress[]>('progress').then(show, () => undefined)
    await look().catch(() => undefined)
    await retriesOf(handle).then(showRetries, () => undefined)
    await Promise.race([sleep(pollIntervalMs), result.catch(() => undefined)])
  }
  try {
    const done = (await result) as Result
    show(done.steps)
    return done
  } catch (error) {
    throw explained(workflowId, error)
  }
}

/** Why each kind of activity that waits for its next attempt failed last. */
const retriesOf = async (handle: WorkflowHandle): Promise<Map<string, string>> => {
  const { raw } = await handle.describe()
  const failed = (raw.pendingActivities ?? []).flatMap(({ activityType, lastFailure }) =>
    lastFailure?.message ? [[activityType?.name ?? '', lastFailure.message] as const] : [],
  )
  return new Map(failed)
}

const stepText = ({ step, state, batchesDone, batches, rows, snapshotIds, note }: StepProgress): string => {
  const counts = Object.entries(rows).map(([table, count]) => `${count.toLocaleString('en-US')} ${table.split('.')[1]}`)
  const part = batches > 1 ? ` ${batchesDone}/${batches}` : ''
  const snapshots =
    snapshotIds.length === 0
      ? ''
      : `  snapshot ${snapshotIds.length === 1 ? snapshotIds[0] : `${Math.min(...snapshotIds)}…${Math.max(...snapshotIds)}`}`
  return `  ${state === 'done' ? '✓' : state === 'failed' ? '✗' : '…'} ${step}${part}  ${counts.join(', ')}${snapshots}${note === undefined ? '' : `  ${note}`}`
}

/** The innermost reason a person can act on. */
const explained = (workflowId: string, error: unknown): unknown => {
  if (!(error instanceof WorkflowFailedError)) return error
  let cause: Error | undefined = error.cause
  while (cause?.cause instanceof Error) cause = cause.cause
  const message = `${workflowId} failed: ${cause?.message ?? error.message}`
  const isInput = cause instanceof ApplicationFailure && cause.type === 'InvalidInput'
  return isInput
    ? new InvalidInput(message, { cause: error })
    : new SourceUnavailable(message, undefined, { cause: error })
}
