import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { TributaryError } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { connectClient } from '../../infra/temporal/connection.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import { time } from '../format.js'
import { readLake } from '../lake_command.js'
import type { Cells, Output } from '../output.js'
import { temporalOf } from './run.js'

const shownRuns = 10

/** Prints whether the stack runs, the newest runs as Temporal knows them, and the newest commit of each stage. */
export const printStatus = async (config: Config, output: Output, log: (line: string) => void): Promise<void> => {
  const holder = await homeHolder(config.home)
  const runs = await newestRuns(config)
  const commits = await readLake(config, log, (lake) => lake.session(newestCommits))
  const stack = holder === undefined ? { running: false } : { running: true, pid: holder.pid, ...holder.details }
  output.document({ stack, runs: runs instanceof TributaryError ? { error: runs.message } : runs, commits }, () => {
    output.line(
      holder === undefined
        ? `nothing runs in ${config.home}; npm start, or npx tributary up, starts it`
        : `up, process ${holder.pid}`,
    )
    for (const [part, address] of Object.entries(holder?.details ?? {})) output.line(`  ${part.padEnd(10)} ${address}`)
    output.line('\nRuns')
    if (runs instanceof TributaryError) output.line(runs.message)
    else output.rows(runs, 'none yet')
    output.line('\nNewest commit of each step')
    output.rows(commits, 'none yet')
  })
}

/** Without a stack there is no server to ask: then that is the answer. */
const newestRuns = async (config: Config): Promise<Cells[] | TributaryError> => {
  try {
    const client = await connectClient(await temporalOf(config))
    try {
      return await listRuns(client)
    } finally {
      await client.connection.close()
    }
  } catch (error) {
    if (error instanceof TributaryError) return error
    throw error
  }
}

const listRuns = async (client: Client): Promise<Cells[]> => {
  const runs: Cells[] = []
  for await (const run of client.workflow.list()) {
    if (runs.length === shownRuns) break
    runs.push({
      workflow: run.workflowId,
      status: run.status.name.toLowerCase(),
      started: run.startTime.toISOString(),
      closed: run.closeTime?.toISOString() ?? '',
    })
  }
  return runs
}

const newestCommits = async (session: Session): Promise<Cells[]> => {
  const rows = await session.all(`
    SELECT stage, step, logical_run, committed_at::VARCHAR AS committed_at, ${madeSnapshotId} AS snapshot
    FROM lake.meta.commits WHERE undone_by IS NULL
    QUALIFY row_number() OVER (PARTITION BY stage, step ORDER BY snapshot DESC) = 1
    ORDER BY snapshot`)
  return rows.map((row) => ({ ...row, committed_at: time(row['committed_at']) }))
}
