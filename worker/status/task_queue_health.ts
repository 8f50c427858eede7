import type { Client } from '@temporalio/client'
import { deploymentName } from '../../infra/temporal/deployment.js'
import type { Attention } from './attention.js'

/** A poll is held open for a minute, so a worker that lives was seen within this time. The server forgets pollers after five minutes. */
const seenWithinMs = 75_000
/** temporal.api.enums.v1.TaskQueueType */
const workflowTasks = 1

export interface TaskQueueHealth {
  /** The builds whose workers poll; none: nobody does. */
  readonly builds: readonly string[]
  readonly lastPoll: Date | undefined
}

/** Who polls a task queue for workflow tasks, as far as the server can know. */
export const taskQueueHealth = async (client: Client, taskQueue: string): Promise<TaskQueueHealth> => {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowTasks,
  })
  const seen = (pollers ?? []).map(({ lastAccessTime, deploymentOptions }) => ({
    at: Number(lastAccessTime?.seconds ?? 0) * 1_000,
    build: deploymentOptions?.deploymentName === deploymentName ? (deploymentOptions.buildId ?? '') : '',
  }))
  const last = Math.max(0, ...seen.map(({ at }) => at))
  const alive = seen.filter(({ at }) => Date.now() - at < seenWithinMs)
  return {
    builds: [...new Set(alive.map(({ build }) => build))],
    lastPoll: last === 0 ? undefined : new Date(last),
  }
}

/** The task queues that nobody polls. */
export const unpolledQueues = async (client: Client, taskQueues: readonly string[]): Promise<Attention[]> => {
  const found = await Promise.all(
    taskQueues.map(async (taskQueue) => ({ taskQueue, ...(await taskQueueHealth(client, taskQueue)) })),
  )
  return found.flatMap(({ taskQueue, builds, lastPoll }) =>
    builds.length > 0
      ? []
      : [
          {
            subject: `task queue ${taskQueue}`,
            problem: `no worker polls it${lastPoll === undefined ? '' : `; the last poll was ${lastPoll.toISOString()}`}`,
            next: 'start one: npx tributary up, or npx tributary worker where catalog and Temporal run elsewhere',
          },
        ],
  )
}
