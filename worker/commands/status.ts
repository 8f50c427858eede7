import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { TributaryError } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { connectClient } from '../../infra/temporal/connection.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import { domains } from '../domains.js'
import { time } from '../format.js'
import { readLake } from '../lake_command.js'
import type { Cells, Output } from '../output.js'
import { schedules } from '../schedules.js'
import type { Attention } from '../status/attention.js'
import { runHealth } from '../status/run_health.js'
import { scheduleAttention } from '../status/schedule_health.js'
import { unpolledQueues } from '../status/task_queue_health.js'
import { temporalOf } from './run.js'

const shownRuns = 10
/** Runs that have not ended are all looked at, up to this many. */
const inspectedRuns = 50

/**
 * Prints whether the stack runs, the newest runs as Temporal knows them, what is stuck or late and what to do about it, and the newest
 * commit of each step. What does not answer is named, and the rest is shown all the same.
 */
export const printStatus = async (config: Config, output: Output, log: (line: string) => void): Promise<void> => {
  const holder = await homeHolder(config.home)
  const seen = await orError('Temporal', () => askTemporal(config))
  const read = await orError('the lake', () => readLake(config, log, (lake) => lake.session(newestCommits)))
  const stack = holder === undefined ? { running: false } : { running: true, pid: holder.pid, ...holder.details }
  const runs = 'error' in seen ? { error: seen.error.problem } : seen.value.runs
  const commits = 'error' in read ? { error: read.error.problem } : read.value
  // That nothing is up is the first line already.
  const silent = holder === undefined && config.temporal.kind === 'local'
  const attention = [
    ...('error' in seen ? (silent ? [] : [seen.error]) : seen.value.attention),
    ...('error' in read ? [read.error] : []),
  ]
  output.document({ stack, runs, attention, commits }, () => {
    output.line(
      holder === undefined
        ? `nothing runs in ${config.home}; npm start, or npx tributary up, starts it`
        : `up, process ${holder.pid}`,
    )
    for (const [part, address] of Object.entries(holder?.details ?? {})) output.line(`  ${part.padEnd(10)} ${address}`)
    output.line('\nRuns')
    if ('error' in runs) output.line(runs.error)
    else output.rows(runs, 'none yet')
    if (attention.length > 0) output.line('\nLook at')
    for (const { subject, problem, next } of attention) output.line(`${subject}: ${problem}\n  -> ${next}`)
    output.line('\nNewest commit of each step')
    if ('error' in commits) output.line(commits.error)
    else output.rows(commits, 'none yet')
  })
}

/** What is unreachable is an answer, not a failure. */
const orError = async <Value>(
  subject: string,
  work: () => Promise<Value>,
): Promise<{ value: Value } | { error: Attention }> => {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    return { error: { subject, problem: error.message, next: 'npx tributary doctor checks each part' } }
  }
}

const askTemporal = async (config: Config): Promise<{ runs: Cells[]; attention: Attention[] }> => {
  const client = await connectClient(await temporalOf(config))
  try {
    const { runs, attention } = await inspectRuns(client)
    const queues = await unpolledQueues(
      client,
      domains.map(({ domain }) => domain.name),
    )
    return { runs, attention: [...queues, ...attention, ...(await scheduleAttention(client, schedules))] }
  } finally {
    await client.connection.close()
  }
}

/** The newest runs, and all that have not ended. */
export const inspectRuns = async (client: Client): Promise<{ runs: Cells[]; attention: Attention[] }> => {
  const [runs, attention]: [Cells[], Attention[]] = [[], []]
  const known = new Set<string>()
  for (const query of ["ExecutionStatus = 'Running'", undefined]) {
    let listed = 0
    for await (const run of client.workflow.list(query === undefined ? {} : { query })) {
      listed += 1
      if (listed > (query === undefined ? shownRuns : inspectedRuns)) break
      if (known.has(run.runId)) continue
      known.add(run.runId)
      const health = run.status.name === 'RUNNING' ? await runHealth(client, run) : undefined
      attention.push(...(health?.attention ?? []))
      runs.push({
        workflow: run.workflowId,
        status:
          health !== undefined && health.attention.length > 0 ? 'running, see below' : run.status.name.toLowerCase(),
        started: run.startTime.toISOString(),
        closed: run.closeTime?.toISOString() ?? '',
        doing: health?.doing ?? '',
      })
    }
  }
  return { runs, attention }
}

const newestCommits = async (session: Session): Promise<Cells[]> => {
  const rows = await session.all(`
    SELECT stage, step, logical_run, committed_at::VARCHAR AS committed_at, ${madeSnapshotId} AS snapshot
    FROM lake.meta.commits WHERE undone_by IS NULL
    QUALIFY row_number() OVER (PARTITION BY stage, step ORDER BY snapshot DESC) = 1
    ORDER BY snapshot`)
  return rows.map((row) => ({ ...row, committed_at: time(row['committed_at']) }))
}
