import { WorkflowFailedError } from '@temporalio/client'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createTradersActivities, type TradersActivities } from '../../activities/traders/index.js'
import { loadConfig } from '../../infra/config.js'
import { SourceUnavailable } from '../../infra/errors.js'
import { provision } from '../../infra/provision/provision.js'
import { FailureInterceptor } from '../../infra/temporal/failure_interceptor.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { calm, receipt } from './calm_activities.js'

/** The workflow alone, against activities that only count, on a server that skips time. */
let environment: TestWorkflowEnvironment
beforeAll(async () => {
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { path } = await provision('temporal-test-server', { cacheDir, overrides: tools, log: () => undefined })
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  })
  // The time-skipping server adds search attributes, but does not list them.
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.client.options.namespace,
    searchAttributes: { Domain: 2, RunKind: 2, Snapshot: 3, QualityStatus: 2 },
  })
})
afterAll(() => environment.teardown())

const run = async (activities: Partial<TradersActivities>, input: object = {}): Promise<SmartTradersResult> => {
  const taskQueue = `traders-${crypto.randomUUID()}`
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('bundles')['traders'] ?? '' },
    activities: { ...calm, ...activities },
    interceptors: { activity: [(context) => ({ inbound: new FailureInterceptor(context) })] },
  })
  return worker.runUntil(
    environment.client.workflow.execute<() => Promise<SmartTradersResult>>('smartTraders', {
      taskQueue,
      workflowId: taskQueue,
      args: [input] as never,
    }),
  )
}

test('the fakes stand for every activity there is', () => {
  const real = createTradersActivities({} as Parameters<typeof createTradersActivities>[0])
  expect(Object.keys(calm).toSorted()).toEqual(Object.keys(real).toSorted())
})

test('a source that is away for hours delays a run and does not fail it', async () => {
  const startedAt = await environment.currentTimeMs()
  const away = startedAt + 6 * 3_600_000
  const result = await run({
    selectTokens: async () => {
      if ((await environment.currentTimeMs()) < away) throw new SourceUnavailable('BirdEye answered 503')
      return { receipt: receipt(), computeUnits: 100, tokens: 25 }
    },
  })
  expect(result.webhook).toBe('confirmed: test')
  expect(await environment.currentTimeMs()).toBeGreaterThanOrEqual(away)
})

test('the run’s time is the input’s, in UTC, else the start', async () => {
  expect((await run({}, { asOf: '2026-11-21T08:00:00+02:00' })).asOf).toBe('2026-11-21T06:00:00.000Z')
  const before = await environment.currentTimeMs()
  const { asOf } = await run({})
  expect(Date.parse(asOf)).toBeGreaterThanOrEqual(before - 1_000)
})

test('no batch is begun after one was parked, and the run ends with the reason', async () => {
  let batches = 0
  const result = await run(
    {
      fetchHistories: async () => {
        batches += 1
        return { receipt: receipt(), computeUnits: 10, ...(batches === 2 ? { parked: 'quota' } : {}) }
      },
    },
    { history: { concurrentBatches: 1 } },
  )
  expect(batches).toBe(2)
  expect(result.parked).toBe('quota')
  expect(result.snapshotId).toBeGreaterThan(0)
})

test('a batch may spend what is left of the budget, and never more', async () => {
  const shares: number[] = []
  const result = await run(
    {
      fetchHistories: async ({ computeUnits }) => {
        shares.push(computeUnits)
        return { receipt: receipt(), computeUnits: 50 }
      },
    },
    { history: { concurrentBatches: 1 }, budget: { computeUnits: 3_000 } },
  )
  // 3,000 less 100 for the tokens, 3 x 500 for the whales, and 50 for each batch before.
  expect(shares).toEqual([1400, 1350, 1300, 1250])
  expect(result.computeUnits).toBe(100 + 3 * 500 + 4 * 50)
})

test('a refused webhook is the activity’s word and not the run’s end', async () => {
  const result = await run({
    syncWebhook: async () => ({ receipt: receipt(), note: 'failed: HELIUS_API_KEY is refused' }),
  })
  expect(result.webhook).toMatch(/^failed/)
})

test('a storm of failures at every step delays a run and changes nothing of it', async () => {
  const failuresEach = 25
  const calls = new Map<string, number>()
  const stormy = Object.entries(calm).map(([name, activity]) => {
    const failing = async (...given: never[]) => {
      const call = (calls.get(name) ?? 0) + 1
      calls.set(name, call)
      // The webhook is given up after five attempts: that is its own test.
      if (call <= (name === 'syncWebhook' ? 4 : failuresEach)) throw new SourceUnavailable(`${name} failed, ${call}`)
      return (activity as (...given: never[]) => Promise<unknown>)(...given)
    }
    return [name, failing]
  })
  const result = await run(Object.fromEntries(stormy), { history: { concurrentBatches: 1 } })
  expect(calls.get('deriveGold')).toBe(failuresEach + 1)
  expect(result.steps.map(({ state }) => state)).toEqual(result.steps.map(() => 'done'))
  expect(result.computeUnits).toBe(100 + 3 * 500 + 4 * 50)
})

test('a result too large to travel ends the run, and the activity is not done again for it', async () => {
  let calls = 0
  const large = async () => {
    calls += 1
    return { receipt: receipt(), note: 'x'.repeat(2_200_000) }
  }
  const failure = await run({ deriveSilver: large }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(WorkflowFailedError)
  expect((failure as WorkflowFailedError).cause?.cause).toMatchObject({ type: 'ResultTooLarge' })
  expect(calls).toBe(1)
})

test('more batches than a workflow can hold are refused before one is begun', async () => {
  let begun = 0
  const fetchHistories = async () => {
    begun += 1
    return { receipt: receipt(), computeUnits: 0 }
  }
  const plan = { wallets: 6_000, batches: 6_000 }
  const failure = await run({ planHistories: async () => plan, fetchHistories }).catch((error: unknown) => error)
  expect((failure as WorkflowFailedError).cause).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(/step histories has 6000 batches, over 5000; make its batches larger/),
  })
  expect(begun).toBe(0)
})
