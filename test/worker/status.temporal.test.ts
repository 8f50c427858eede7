import { randomUUID } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { TradersActivities } from '../../activities/traders/index.js'
import { SourceUnavailable } from '../../infra/errors.js'
import { FailureInterceptor } from '../../infra/temporal/failure_interceptor.js'
import { applySchedules } from '../../infra/temporal/schedule_server.js'
import { lake } from '../../schemas/lake/index.js'
import { declareSchedules } from '../../schemas/schedule.js'
import { type RunHealth, runHealth } from '../../worker/status/run_health.js'
import { scheduleAttention } from '../../worker/status/schedule_health.js'
import { unpolledQueues } from '../../worker/status/task_queue_health.js'
import { calm } from '../workflows/calm_activities.js'

/** CI is slower than any machine here. */
const patience = { timeout: 90_000, interval: 500 }

let client: Client
let connection: NativeConnection
beforeAll(async () => {
  const address = inject('temporalAddress')
  client = new Client({ connection: await Connection.connect({ address }) })
  connection = await NativeConnection.connect({ address })
})
afterAll(async () => {
  await connection.close()
  await client.connection.close()
})

const start = (taskQueue: string, type = 'smartTraders', input: object = {}) =>
  client.workflow.start(type, { taskQueue, workflowId: `test/${randomUUID()}`, args: [input] })
type Run = Awaited<ReturnType<typeof start>>
const health = async (run: Run): Promise<RunHealth> => runHealth(client, await run.describe())
const problems = async (run: Run) => (await health(run)).attention.map(({ problem }) => problem)

const working = async <Result>(
  activities: Partial<TradersActivities>,
  work: (taskQueue: string) => Promise<Result>,
): Promise<Result> => {
  const taskQueue = `traders-${randomUUID()}`
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: inject('bundles')['traders'] ?? '' },
    activities: { ...calm, ...activities },
    interceptors: { activity: [(context) => ({ inbound: new FailureInterceptor(context) })] },
  })
  return worker.runUntil(() => work(taskQueue))
}

describe('of a run, status says', () => {
  test('that nobody works on it, where no worker polls its task queue or the one that did was killed', async () => {
    const taskQueue = `traders-${randomUUID()}`
    const run = await start(taskQueue)
    const { doing, attention } = await health(run)
    expect(doing).toBe(`nobody works on it (${taskQueue})`)
    expect(attention).toMatchObject([
      {
        problem: expect.stringMatching(/^no worker of task queue .* answers; the last poll was more/),
        next: expect.stringContaining('npx tributary up'),
      },
    ])
    expect(await unpolledQueues(client, [taskQueue])).toMatchObject([{ subject: `task queue ${taskQueue}` }])
    await run.terminate()
    let waiting: Run | undefined
    await working({}, async (polled) => {
      waiting = await start(polled, 'smartTraders', { approval: { webhook: true } })
      await expect.poll(() => problems(waiting as Run), patience).toHaveLength(1)
      expect(await unpolledQueues(client, [polled])).toEqual([])
    })
    expect(await problems(waiting as Run)).toEqual([expect.stringMatching(/^no worker .*the last poll was 20/)])
    await waiting?.terminate()
  })

  test('which activity fails, at which attempt and why', async () => {
    const away = async () => {
      throw new SourceUnavailable('BirdEye answered 503', 1_000)
    }
    await working({ fetchWhales: away }, async (taskQueue) => {
      const run = await start(taskQueue)
      await expect
        .poll(() => problems(run), patience)
        .toEqual(Array(2).fill(expect.stringMatching(/^fetchWhales fails, at attempt [2-9]: BirdEye answered 503$/)))
      expect((await health(run)).doing).toBe('fetchWhales, fetchWhales')
      await run.terminate()
    })
  })

  test('that its workflow code fails, and how', async () => {
    await working({}, async (taskQueue) => {
      const run = await start(taskQueue, 'notInThisBuild')
      await expect
        .poll(() => problems(run), patience)
        .toEqual([expect.stringMatching(/^its workflow code fails, at attempt [2-9]: .*notInThisBuild/s)])
      await run.terminate()
    })
  })

  test('for whom it waits', async () => {
    await working({}, async (taskQueue) => {
      const run = await start(taskQueue, 'smartTraders', { approval: { webhook: true } })
      await expect
        .poll(() => problems(run), patience)
        .toEqual([expect.stringContaining('webhook waits for approval: Helius would watch')])
      await run.executeUpdate('approve', { args: [{ step: 'webhook' }] })
      await run.result()
    })
  })
})

describe('of a schedule, status says', () => {
  const day = 86_400_000
  test('that it is missing, paused, changed, late, and how its last run ended', async () => {
    const id = `test-${randomUUID()}`
    const usual = { overlap: 'skip', catchupWindow: '1 hour', pauseOnFailure: false } as const
    const declared = declareSchedules([{ id, domain: lake, when: { cron: '0 6 * * *' }, ...usual }])
    const told = async (now?: number) => (await scheduleAttention(client, declared, now)).map(({ problem }) => problem)
    expect(await told()).toEqual(['it is declared and not on the server'])
    await applySchedules(client, declared)
    const handle = client.schedule.getHandle(id)
    expect(await told()).toEqual([])
    expect(await told(Date.now() + 2 * day)).toEqual([
      expect.stringMatching(/^nothing was started for .*T06:00:00\.000Z/),
    ])
    await handle.pause('moving house')
    expect(await told(Date.now() + 2 * day)).toEqual(['it is paused (moving house)'])
    await handle.unpause()
    await handle.update((previous) => ({ ...previous, spec: { ...previous.spec, jitter: '1 minute' } }))
    expect(await told()).toEqual(['the server holds otherwise: jitter 1 minute'])
    await applySchedules(client, declared)
    await handle.trigger()
    await expect.poll(async () => (await handle.describe()).info.recentActions.length, patience).toBe(1)
    const [last] = (await handle.describe()).info.recentActions
    await client.workflow.getHandle(last?.action.workflow.workflowId ?? '').terminate()
    await expect.poll(() => told(), patience).toEqual([expect.stringMatching(/^its last run .* ended as terminated$/)])
    await handle.delete()
  })
})
