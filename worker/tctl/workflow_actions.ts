import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import { InvalidInput } from '../../infra/errors.js'
import { present } from '../../infra/optional.js'
import type { Output } from '../output.js'
import type { Invocation, TctlCommand } from './invocation.js'

type Flags = Invocation['flags']
type Action = (client: Client, flags: Flags, output: Output) => Promise<void>

const defaultPageSize = 10
/** As tctl writes a time limit: seconds. */
const secondMs = 1_000

/** What each command of tctl's does, on Temporal's client. */
export const workflowActions: Readonly<Record<TctlCommand, Action>> = {
  start: async (client, flags, output) => {
    const { workflowId, firstExecutionRunId } = await start(client, flags)
    output.line(`Started Workflow Id: ${workflowId}, run Id: ${firstExecutionRunId}`)
  },
  run: async (client, flags, output) => {
    const handle = await start(client, flags)
    output.line(`Running execution: Workflow Id ${handle.workflowId}, run Id ${handle.firstExecutionRunId}`)
    output.line(`Result: ${JSON.stringify(await handle.result())}`)
  },
  show: async (client, flags, output) => {
    const { events } = await handleOf(client, flags).fetchHistory()
    const rows = (events ?? []).map((event) => {
      const [attributes = ''] = Object.keys(event).filter((name) => name.endsWith('EventAttributes'))
      const at = new Date(Number(event.eventTime?.seconds ?? 0) * 1_000).toISOString()
      return { event: Number(event.eventId), time: at, type: attributes.replace(/EventAttributes$/, '') }
    })
    if (flags.print_json) output.line(JSON.stringify(rows, null, 2))
    else output.rows(rows)
  },
  list: async (client, flags, output) => {
    const limit = Number(flags.pagesize ?? defaultPageSize)
    if (!Number.isInteger(limit) || limit < 1)
      throw new InvalidInput(`tctl: --pagesize is "${flags.pagesize}": it must be a whole number from 1 up`)
    const parts = [
      flags.query,
      flags.open === undefined ? undefined : "ExecutionStatus = 'Running'",
      flags.workflow_type && `WorkflowType = '${flags.workflow_type.replaceAll("'", "\\'")}'`,
      flags.workflow_id && `WorkflowId = '${flags.workflow_id.replaceAll("'", "\\'")}'`,
    ].filter((part) => part !== undefined && part !== '')
    const rows = []
    for await (const run of client.workflow.list({ query: parts.join(' AND ') })) {
      if (rows.length === limit) break
      rows.push({
        'workflow type': run.type,
        'workflow id': run.workflowId,
        'run id': run.runId,
        'task queue': run.taskQueue,
        status: run.status.name.toLowerCase(),
        'start time': run.startTime.toISOString(),
        'end time': run.closeTime?.toISOString() ?? '',
      })
    }
    if (flags.print_json) output.line(JSON.stringify(rows, null, 2))
    else output.rows(rows, 'no workflow')
  },
  describe: async (client, flags, output) => {
    const { raw, memo, searchAttributes, ...run } = await handleOf(client, flags).describe()
    const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
      activity: activityType?.name,
      attempt,
      ...present({ lastFailure: lastFailure?.message ?? undefined }),
    }))
    const { workflowId, runId, type, taskQueue, status, startTime, closeTime, historyLength } = run
    const shown = { workflowId, runId, type, taskQueue, status: status.name, startTime, closeTime, historyLength }
    output.line(JSON.stringify({ ...shown, memo, searchAttributes, pendingActivities: pending }, null, 2))
  },
  signal: async (client, flags, output) => {
    await handleOf(client, flags).signal(flags.name ?? '', ...(await argumentsOf(flags)))
    output.line('Signal Workflow succeeded.')
  },
  terminate: async (client, flags, output) => {
    await handleOf(client, flags).terminate(flags.reason)
    output.line('Terminate Workflow succeeded.')
  },
  cancel: async (client, flags, output) => {
    await handleOf(client, flags).cancel()
    output.line('Cancel Workflow succeeded.')
  },
  query: async (client, flags, output) => {
    const answer = await handleOf(client, flags).query(flags.query_type ?? '', ...(await argumentsOf(flags)))
    output.line(`Query result: ${JSON.stringify(answer)}`)
  },
}

const start = async (client: Client, flags: Flags) => {
  const seconds = flags.execution_timeout === undefined ? undefined : Number(flags.execution_timeout)
  if (seconds !== undefined && !(seconds > 0))
    throw new InvalidInput(
      `tctl: --execution_timeout is "${flags.execution_timeout}": it must be a number of seconds above 0`,
    )
  return client.workflow.start(flags.workflow_type ?? '', {
    taskQueue: flags.taskqueue ?? '',
    workflowId: flags.workflow_id ?? randomUUID(),
    args: await argumentsOf(flags),
    ...(seconds === undefined ? {} : { workflowExecutionTimeout: seconds * secondMs }),
  })
}

const handleOf = (client: Client, flags: Flags) => client.workflow.getHandle(flags.workflow_id ?? '', flags.run_id)

/** The workflows here take one JSON value. */
const argumentsOf = async ({ input, input_file }: Flags): Promise<unknown[]> => {
  const text = input_file === undefined ? input : await readFile(input_file, 'utf8')
  if (text === undefined) return []
  try {
    return [JSON.parse(text)]
  } catch (cause) {
    throw new InvalidInput(
      `tctl: --input${input_file === undefined ? '' : '_file'} is not JSON: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}

/** What a person reads where there is no such run. */
export const notFound = (error: unknown, { workflow_id = '' }: Flags): unknown =>
  error instanceof WorkflowNotFoundError
    ? new InvalidInput(`tctl: there is no workflow "${workflow_id}"`, { cause: error })
    : error
