import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, isGrpcServiceError } from '@temporalio/client'
import { InvalidInput, SourceUnavailable } from '../errors.js'

/** All workers of the project are one Worker Deployment of Temporal's; its versions are the builds. */
export const deploymentName = 'tributary'

/** The server learns of a build by its workers' first polls, within a second or two. */
const knownTimeoutMs = 60_000
const pollIntervalMs = 100

/** The numbers of temporal.api.enums.v1.TaskQueueType. */
const queueTypes = { workflow: 1, activity: 2 } as const
/** Of grpc.status. */
const notFound = 5
const unimplemented = 12

/** The build that new runs begin with, if one was ever made current. Throws InvalidInput where the server is too old for builds. */
export const currentBuild = async (client: Client): Promise<string | undefined> => {
  const { namespace } = client.options
  const { workerDeploymentInfo } = await existing(
    client.workflowService.describeWorkerDeployment({ namespace, deploymentName }),
  )
  return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined
}

/** Has new runs begin with this build, once its workers poll these task queues. Throws SourceUnavailable when they do not. */
export const makeCurrent = async (client: Client, buildId: string, taskQueues: readonly string[]): Promise<void> => {
  const { namespace, identity } = client.options
  const deadline = Date.now() + knownTimeoutMs
  while (!(await isPolling(client, buildId, taskQueues))) {
    if (Date.now() > deadline) {
      throw new SourceUnavailable(
        `Temporal knows of no worker of build ${buildId} after ${knownTimeoutMs / 1000} s; see the worker’s log`,
      )
    }
    await sleep(pollIntervalMs)
  }
  await client.workflowService.setWorkerDeploymentCurrentVersion({
    namespace,
    deploymentName,
    buildId,
    identity,
    // A queue of the build before is missing where its domain is gone; those of this build were just seen.
    ignoreMissingTaskQueues: true,
  })
}

const isPolling = async (client: Client, buildId: string, taskQueues: readonly string[]): Promise<boolean> => {
  const { namespace } = client.options
  const { versionTaskQueues = [] } = await existing(
    client.workflowService.describeWorkerDeploymentVersion({
      namespace,
      deploymentVersion: { deploymentName, buildId },
    }),
  )
  const seen = new Set(versionTaskQueues?.map(({ name, type }) => `${name} ${type}`))
  return taskQueues.every((name) => Object.values(queueTypes).every((type) => seen.has(`${name} ${type}`)))
}

/** What the server answers, or an empty answer where it does not know the thing yet. */
const existing = async <Answer extends object>(request: Promise<Answer>): Promise<Partial<Answer>> => {
  try {
    return await request
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === notFound) return {}
    if (isGrpcServiceError(error) && Number(error.code) === unimplemented) {
      throw new InvalidInput('this Temporal server knows no worker deployments: use server 1.29 or newer', {
        cause: error,
      })
    }
    throw error
  }
}

/** A run that only workers of another build may go on with. */
export interface PinnedRun {
  readonly workflowId: string
  readonly runId: string
  readonly workflowType: string
  readonly taskQueue: string
  readonly buildId: string
}

const versionAttribute = 'TemporalWorkerDeploymentVersion'

/** The running runs that were begun by other builds than this one. */
export async function* runsOfOtherBuilds(client: Client, buildId: string): AsyncGenerator<PinnedRun> {
  const query = `TemporalWorkerDeployment = '${deploymentName}' AND ExecutionStatus = 'Running' AND ${versionAttribute} != '${deploymentName}:${buildId}'`
  for await (const { workflowId, runId, type, taskQueue, searchAttributes } of client.workflow.list({ query })) {
    const [version = ''] = searchAttributes[versionAttribute] ?? []
    yield {
      workflowId,
      runId,
      workflowType: type,
      taskQueue,
      buildId: String(version).slice(deploymentName.length + 1),
    }
  }
}

/** The next task of the run goes to this build, and the run stays with it. */
const nextTaskOn = (buildId: string) => ({
  updateMask: { paths: ['versioning_override'] },
  workflowExecutionOptions: {
    versioningOverride: { oneTime: { targetDeploymentVersion: { deploymentName, buildId } } },
  },
})

/** Has this build go on with the run where it is. */
export const moveRun = async (client: Client, { workflowId, runId }: PinnedRun, buildId: string): Promise<void> => {
  const { namespace, identity } = client.options
  const workflowExecution = { workflowId, runId }
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace,
    identity,
    workflowExecution,
    ...nextTaskOn(buildId),
  })
}

/** Has this build begin the run again, with its input and times as they were. */
export const restartRun = async (
  client: Client,
  { workflowId, runId }: PinnedRun,
  buildId: string,
  reason: string,
): Promise<void> => {
  const { namespace, identity } = client.options
  const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  const first = events?.find(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes)
  if (first?.eventId == null) throw new SourceUnavailable(`the run ${workflowId} has not begun yet`)
  await client.workflowService.resetWorkflowExecution({
    namespace,
    identity,
    reason,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: first.eventId,
    requestId: `${runId}/${buildId}`,
    postResetOperations: [{ updateWorkflowOptions: nextTaskOn(buildId) }],
  })
}
