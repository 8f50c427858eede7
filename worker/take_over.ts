import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import {
  currentBuild,
  makeCurrent,
  moveRun,
  type PinnedRun,
  restartRun,
  runsOfOtherBuilds,
} from '../infra/temporal/deployment.js'

interface Build {
  readonly buildId: string
  readonly taskQueues: readonly string[]
  /** Where the workflow bundle of a task queue lies. */
  readonly bundlePath: (taskQueue: string) => string
}

/** What differs stands first; the reason of a reset is shown in one line. */
const differenceLimitCharacters = 300
const mend = '`npx tributary worker --take-over` has this build go on with everything'

/**
 * Has new runs begin with this build, and goes on with the running ones of other builds: where this build does what the run's
 * history says, from where it is; else from its beginning, which repeats no commit of the same inputs and build.
 */
export const takeOver = async (client: Client, build: Build, log: (line: string) => void): Promise<void> => {
  const { buildId, taskQueues } = build
  if ((await currentBuild(client)) !== buildId) await makeCurrent(client, buildId, taskQueues)
  for await (const run of runsOfOtherBuilds(client, buildId)) {
    if (!taskQueues.includes(run.taskQueue)) continue
    const difference = await replayDifference(client, run, build)
    if (difference === undefined) await moveRun(client, run, buildId)
    else await restartRun(client, run, buildId, difference)
    const how = difference === undefined ? 'goes on' : `begins again (${difference})`
    log(`the run ${run.workflowId} of build ${run.buildId} ${how} with build ${buildId}`)
  }
}

/** What this build would do otherwise than the run did, if anything. */
const replayDifference = async (client: Client, run: PinnedRun, { bundlePath }: Build): Promise<string | undefined> => {
  const history = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory()
  const workflowBundle = { codePath: bundlePath(run.taskQueue) }
  return Worker.runReplayHistory({ workflowBundle }, history, run.workflowId).then(
    () => undefined,
    ({ message }: Error) => (/message: "([^"]+)/.exec(message)?.[1] ?? message).slice(0, differenceLimitCharacters),
  )
}

/** For a worker beside others: makes the first build of all current, and else says what new and old runs need. */
export const joinBuilds = async (client: Client, build: Build, log: (line: string) => void): Promise<void> => {
  const { buildId, taskQueues } = build
  const current = await currentBuild(client)
  if (current === undefined) await makeCurrent(client, buildId, taskQueues)
  else if (current !== buildId) log(`new runs begin with build ${current} and not with this one, ${buildId}; ${mend}`)
  let others = 0
  for await (const { taskQueue } of runsOfOtherBuilds(client, buildId)) if (taskQueues.includes(taskQueue)) others += 1
  if (others > 0) log(`${others} running runs of other builds need a worker of theirs; where there is none, ${mend}`)
}
