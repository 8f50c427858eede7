import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { BackfillResult } from '../../workflows/lake/backfill.js'
import type { WindowStatus } from '../../workflows/lake/backfill_windows.js'
import { domains } from '../domains.js'
import { type CountingPipeline, createCountingPipeline } from './counting_pipeline.js'
import { type LakeWorker, startLakeWorker } from './lake_worker.js'

let pipeline: CountingPipeline
let worker: LakeWorker
beforeAll(async () => {
  pipeline = await createCountingPipeline()
  worker = await startLakeWorker(
    domains.flatMap((domain) => domain.stages),
    [pipeline.backfilled],
  )
  await pipeline.work(worker.scratch.lake)
})
afterAll(async () => {
  await pipeline?.close()
  await worker?.close()
})
beforeEach(() => {
  pipeline.begun.length = 0
  pipeline.broken.clear()
  pipeline.most.atOnce = 0
})

/** CI is slower than any machine here. */
const patience = { timeout: 60_000 }

/** Each test has a day of its own, with four windows. */
const windowsOf = (day: string) =>
  [0, 6, 12, 18].map((hour) => new Date(Date.parse(day) + hour * 3_600_000).toISOString())
const range = (from: string, to: string) => ({ pipeline: 'traders', from, to })
const backfill = (input: object) => worker.run<BackfillResult>('lakeBackfill', input)
const start = (input: object) =>
  worker.client.workflow.start<(given: object) => Promise<BackfillResult>>('lakeBackfill', {
    taskQueue: worker.taskQueue,
    workflowId: `test/${randomUUID()}`,
    args: [input],
  })

test('runs what is missing, oldest first, and nothing the second time', async () => {
  const day = range('2026-03-01', '2026-03-02')
  const [first, second, ...others] = windowsOf('2026-03-01')
  expect(await backfill({ ...day, to: '2026-03-01T12:00:00Z', parallel: 1 })).toMatchObject({
    total: 2,
    present: 0,
    done: 2,
  })
  expect(pipeline.begun).toEqual([first, second])
  expect(await backfill({ ...day, dryRun: true })).toMatchObject({
    total: 4,
    present: 2,
    missing: 2,
    done: 0,
    windows: others,
  })
  expect(pipeline.begun).toHaveLength(2)
  expect(await backfill({ ...day, parallel: 1 })).toMatchObject({ total: 4, present: 2, missing: 2, done: 2 })
  expect(pipeline.begun.slice(2)).toEqual(others)
  expect(await backfill(day)).toMatchObject({ total: 4, present: 4, missing: 0, done: 0 })
  const undo = `UPDATE lake.meta.commits SET undone_by = 'a rollback' WHERE logical_run = '${first}'`
  await worker.scratch.lake.session((session) => session.run(undo))
  expect(await backfill({ ...day, dryRun: true })).toMatchObject({ present: 3, windows: [first] })
  expect(await backfill({ ...day, all: true })).toMatchObject({ present: 3, missing: 4, done: 4 })
  expect(pipeline.begun).toHaveLength(8)
})

test('runs no more at once than it may', async () => {
  await backfill({ ...range('2026-03-03', '2026-03-05'), parallel: 3 })
  expect(pipeline.most.atOnce).toBe(3)
})

test('goes on after a window that fails, says which, and does that one when begun again', async () => {
  const [first, second = '', third, fourth] = windowsOf('2026-03-06')
  pipeline.broken.add(second)
  const handle = await start({ ...range('2026-03-06', '2026-03-07'), parallel: 1 })
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'BackfillIncomplete', message: expect.stringContaining(`${second}: this window is broken`) },
  })
  expect(await handle.query<WindowStatus[]>('windows')).toEqual([
    { window: first, state: 'done' },
    { window: second, state: 'failed', reason: 'this window is broken' },
    { window: third, state: 'done' },
    { window: fourth, state: 'done' },
  ])
  pipeline.broken.clear()
  expect(await backfill(range('2026-03-06', '2026-03-07'))).toMatchObject({ present: 3, done: 1 })
})

test('begins nothing more when it is cancelled, takes its runs with it, and can be gone on with', async () => {
  const [first] = windowsOf('2026-03-08')
  const release = pipeline.hold()
  const handle = await start({ ...range('2026-03-08', '2026-03-09'), parallel: 1 })
  await expect.poll(() => pipeline.begun, patience).toEqual([first])
  await handle.cancel()
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
  const child = worker.client.workflow.getHandle(`traders/smart-traders/${first}`)
  expect((await child.describe()).status.name).toBe('CANCELLED')
  release()
  expect(await backfill({ ...range('2026-03-08', '2026-03-09'), parallel: 4 })).toMatchObject({ present: 0, done: 4 })
})

test('leaves a window alone that runs already', async () => {
  const [first] = windowsOf('2026-03-10')
  const release = pipeline.hold()
  const running = await worker.client.workflow.start('smartTraders', {
    taskQueue: pipeline.backfilled.taskQueue,
    workflowId: `traders/smart-traders/${first}`,
    args: [{ asOf: first }],
  })
  const handle = await start({ ...range('2026-03-10', '2026-03-11'), parallel: 1 })
  await expect
    .poll(() => handle.query<WindowStatus[]>('windows'), patience)
    .toContainEqual({ window: first, state: 'runs elsewhere' })
  release()
  expect(await handle.result()).toMatchObject({ done: 3, elsewhere: 1 })
  await running.result()
})

test('is paused between windows, and goes on', async () => {
  const release = pipeline.hold()
  const handle = await start({ ...range('2026-03-12', '2026-03-13'), parallel: 1 })
  await expect.poll(() => pipeline.begun, patience).toHaveLength(1)
  await handle.executeUpdate('pause', { args: [{ reason: 'a look at it' }] })
  release()
  await expect
    .poll(async () => (await handle.query<WindowStatus[]>('windows')).map(({ state }) => state), patience)
    .toEqual(['done', 'waiting', 'waiting', 'waiting'])
  expect(await handle.query('waiting')).toEqual(['**paused** (a look at it): the update `resume` goes on'])
  await handle.executeUpdate('resume')
  expect(await handle.result()).toMatchObject({ done: 4 })
})

test('has many windows in histories of a bounded length, and tells of all in the end', async () => {
  pipeline.hopeless.add('2026-04-01')
  const hour = { pipeline: 'traders', from: '2026-04-01T00:00:00Z', to: '2026-04-01T00:55:00Z', every: '1 minute' }
  const handle = await start({ ...hour, parallel: 10 })
  await expect(handle.result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/^55 windows failed;[\s\S]*this day is hopeless\nand 45 more$/) },
  })
  expect(new Set(pipeline.begun).size).toBe(55)
  const { historyLength, runId } = await worker.client.workflow.getHandle(handle.workflowId).describe()
  expect(runId).not.toBe(handle.firstExecutionRunId)
  expect(historyLength).toBeLessThan(200)
})

test.each<[object, RegExp]>([
  [{ pipeline: undefined }, /pipeline is undefined: name a pipeline/],
  [{ pipeline: 'stocks' }, /pipeline is "stocks": it has no windows.*there is traders/],
  [{ from: 'yesterday' }, /from is "yesterday": must be a date or a time/],
  [{ to: '2026-02-01' }, /to is "2026-02-01": must be later than from/],
  [{ parallel: 500 }, /parallel is 500/],
  [{ every: 'often' }, /every is "often": must be a number and a unit/],
  [{ every: '1 second', to: '2026-11-01' }, /has over 100000 windows; take a shorter range/],
  [{ input: { tokens: { limit: -1 } } }, /input\.tokens\.limit is -1/],
  [{ input: { asOf: '2026-03-01' } }, /input\.asOf .*the window says it/],
])('is refused at once, naming the field: %j', async (changes, message) => {
  const refused = backfill({ ...range('2026-03-01', '2026-03-02'), ...changes })
  const reason = await refused.catch((error: Error) => (error.cause as Error).cause ?? error.cause)
  expect(reason).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) })
  expect(pipeline.begun).toEqual([])
})
