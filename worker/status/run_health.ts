import { type Client, QueryNotRegisteredError, ServiceError, type WorkflowExecutionInfo } from '@temporalio/client'
import type { Attention } from './attention.js'
import { taskQueueHealth } from './task_queue_health.js'

type Run = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'taskQueue'>

export interface RunHealth {
  /** What it is at, and for whom it waits. */
  readonly doing: string
  readonly attention: readonly Attention[]
}

/** A worker that lives answers within milliseconds; a busy one within a second or two. */
const answerWithinMs = 5_000
const messageLimitCharacters = 300

/** How a run that has not ended is doing, and what is wrong with it if anything is. */
export const runHealth = async (client: Client, run: Run): Promise<RunHealth> => {
  const { workflowId: subject, runId, taskQueue } = run
  const { raw } = await client.workflow.getHandle(subject, runId).describe()
  const doing: string[] = []
  const attention: Attention[] = []
  for (const { activityType, attempt, lastFailure, nextAttemptScheduleTime } of raw.pendingActivities ?? []) {
    const name = activityType?.name ?? ''
    doing.push(name)
    if (!lastFailure?.message) continue
    const next = Number(nextAttemptScheduleTime?.seconds ?? 0) * 1_000
    attention.push({
      subject,
      problem: `${name} fails, at attempt ${attempt}: ${lastFailure.message.slice(0, messageLimitCharacters)}`,
      next: `it is tried again${next > Date.now() ? ` at ${new Date(next).toISOString()}` : ''}; mend what the message names`,
    })
  }
  const children = raw.pendingChildren?.length ?? 0
  if (children > 0) doing.push(`${children} child workflows`)
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1
  const answer = await ask(client, run)
  if (attempt > 1 && answer === undefined) attention.push(await failingTask(client, run, attempt))
  else if (answer === undefined) attention.push(await unanswered(client, run, pinnedBuild(raw)))
  for (const wait of answer ?? [])
    attention.push({
      subject,
      problem: wait.replaceAll('**', ''),
      next: `in the Temporal UI, or temporal workflow update execute --workflow-id ${subject} --name NAME`,
    })
  const none = answer === undefined ? `nobody works on it (${taskQueue})` : 'between two steps'
  return { doing: doing.join(', ') || none, attention }
}

/** What the run waits for people to say. Only a worker can answer for a run: nothing where none did. */
const ask = async (client: Client, { workflowId, runId }: Run): Promise<string[] | undefined> => {
  const handle = client.workflow.getHandle(workflowId, runId)
  try {
    return await client.withDeadline(Date.now() + answerWithinMs, () => handle.query<string[]>('waiting'))
  } catch (error) {
    if (error instanceof QueryNotRegisteredError) return []
    if (error instanceof ServiceError) return undefined
    throw error
  }
}

type Described = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw']

const pinnedBuild = ({ workflowExecutionInfo }: Described): string | undefined =>
  workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined

const unanswered = async (
  client: Client,
  { workflowId: subject, taskQueue }: Run,
  build: string | undefined,
): Promise<Attention> => {
  const { builds, lastPoll } = await taskQueueHealth(client, taskQueue)
  if (build !== undefined && builds.length > 0 && !builds.includes(build))
    return {
      subject,
      problem: `it is of build ${build}, and the workers of ${taskQueue} are of ${builds.join(', ')}`,
      next: 'npx tributary worker --take-over has the newer build go on with it',
    }
  return {
    subject,
    problem: `no worker of task queue ${taskQueue} answers; the last poll was ${lastPoll?.toISOString() ?? 'more than five minutes ago'}`,
    next: 'start one: npx tributary up, or npx tributary worker where catalog and Temporal run elsewhere; it then goes on by itself',
  }
}

const failingTask = async (
  client: Client,
  { workflowId: subject, runId }: Run,
  attempt: number,
): Promise<Attention> => {
  const { namespace } = client.options
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId: subject, runId },
  })
  const failed = history?.events?.find(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes)
  const message = failed?.workflowTaskFailedEventAttributes?.failure?.message ?? 'it times out'
  return {
    subject,
    problem: `its workflow code fails, at attempt ${attempt}: ${message.slice(0, messageLimitCharacters)}`,
    next: 'install a build that mends it: the run then goes on from where it is; or terminate it in the Temporal UI',
  }
}
