import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from '@temporalio/client'
import { loadConfig } from '../infra/config.js'
import type { SandboxProcessOptions } from '../infra/sandbox/main.js'
import { connectClient } from '../infra/temporal/connection.js'
import { startChild } from '../worker/child_process.js'
import { startRun, temporalOf } from '../worker/commands/run.js'
import { followRun } from '../worker/follow_run.js'
import { startLocalStack } from '../worker/local_stack.js'
import { alignedColumns } from '../worker/output.js'

/**
 * A whole run on the sandbox without API latency, as `npm start` makes it: a real Temporal, PostgreSQL, worker process and lake.
 *
 *   npm run bench -- whole_run [--wallets 1000] [--swaps 200000] [--tokens 50]
 */
const { values } = parseArgs({
  options: {
    wallets: { type: 'string', default: '1000' },
    swaps: { type: 'string', default: '200000' },
    tokens: { type: 'string', default: '50' },
  },
})
const dayMs = 86_400_000
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1)
const home = await mkdtemp(path.join(os.tmpdir(), 'tributary-bench-'))
const log = (line: string) => process.stderr.write(`${line}\n`)

const market: SandboxProcessOptions = {
  market: {
    seed: 1,
    tokens: Number(values.tokens),
    wallets: Number(values.wallets),
    swaps: Number(values.swaps),
    startsAt: Date.now() - 100 * dayMs,
  },
}
const sandbox = await startChild({
  name: 'sandbox',
  script: new URL('../infra/sandbox/main.js', import.meta.url),
  arguments: [JSON.stringify(market)],
  environment: {},
  logFile: path.join(home, 'sandbox.log'),
  readyTimeoutMs: 600_000,
})
const { url } = sandbox.ready as { url: string }
const config = loadConfig({
  TRIBUTARY_HOME: home,
  HOME: os.homedir(),
  BIRDEYE_BASE_URL: url,
  HELIUS_BASE_URL: url,
  WEBHOOK_URL: 'https://hooks.example.com/helius',
  BIRDEYE_REQUESTS_PER_SECOND: '100000',
})

interface ActivityTime {
  readonly name: string
  readonly startMs: number
  endMs: number
}

/** When each activity of a run was scheduled and when it ended, from Temporal's own history. */
const activityTimes = async (client: Client, workflowId: string): Promise<ActivityTime[]> => {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const times = new Map<string, ActivityTime>()
  for (const event of events ?? []) {
    const atMs = Number(event.eventTime?.seconds ?? 0) * 1000 + (event.eventTime?.nanos ?? 0) / 1e6
    const scheduled = event.activityTaskScheduledEventAttributes
    if (scheduled)
      times.set(String(event.eventId), { name: scheduled.activityType?.name ?? '', startMs: atMs, endMs: atMs })
    const completed = times.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId))
    if (completed !== undefined) completed.endMs = atMs
  }
  return [...times.values()]
}

const stack = await startLocalStack(config, log)
try {
  const client = await connectClient(await temporalOf(stack.config))
  const begin = performance.now()
  const workflowId = await startRun(client, 'traders', '{}')
  const result = await followRun(client, workflowId, log)
  const totalMs = performance.now() - begin
  const activities = await activityTimes(client, workflowId)
  const rows = [...new Set(activities.map(({ name }) => name))].map((name) => {
    const own = activities.filter((activity) => activity.name === name)
    const span = Math.max(...own.map(({ endMs }) => endMs)) - Math.min(...own.map(({ startMs }) => startMs))
    return {
      step: name,
      activities: own.length,
      seconds: seconds(span),
      share: `${((100 * span) / totalMs).toFixed(0)} %`,
    }
  })
  const swaps = result.steps.find(({ step }) => step === 'histories')?.rows['traders_bronze.transaction_history'] ?? 0
  process.stdout.write(
    [
      `${values.tokens} tokens, ${values.wallets} wallets, ${swaps.toLocaleString('en-US')} swaps read: ${seconds(totalMs)} s from a warm start`,
      ...alignedColumns(rows),
      '',
    ].join('\n'),
  )
  await client.connection.close()
} finally {
  await stack.stop()
  await sandbox.stop(2_000)
  await rm(home, { recursive: true, force: true })
}
