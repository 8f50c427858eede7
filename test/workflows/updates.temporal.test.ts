import { randomUUID } from 'node:crypto'
import { Client, Connection, WorkflowUpdateFailedError } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import type { TradersActivities } from '../../activities/traders/index.js'
import { SourceChanged } from '../../infra/errors.js'
import { FailureInterceptor } from '../../infra/temporal/failure_interceptor.js'
import type { StepProgress } from '../../workflows/progress.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { calm, receipt } from './calm_activities.js'

/** CI is slower than any machine here. */
const patience = { timeout: 60_000 }

/** What each test has the activities do; what it leaves out goes well. */
let activities: Partial<TradersActivities> = {}
let calls: string[] = []
const taskQueue = `traders-${randomUUID()}`
const forwarded = Object.fromEntries(
  Object.entries(calm).map(([name, usual]) => [
    name,
    (...given: never[]) => {
      calls.push(name)
      const call = (Object.entries(activities).find(([each]) => each === name)?.[1] ?? usual) as (
        ...given: never[]
      ) => unknown
      return call(...given)
    },
  ]),
)

let client: Client
let close: () => Promise<void>
beforeAll(async () => {
  const address = inject('temporalAddress')
  const connection = await NativeConnection.connect({ address })
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: inject('bundles')['traders'] ?? '' },
    activities: forwarded,
    interceptors: { activity: [(context) => ({ inbound: new FailureInterceptor(context) })] },
  })
  const stopped = worker.run()
  client = new Client({ connection: await Connection.connect({ address }) })
  close = async () => {
    worker.shutdown()
    await stopped
    await connection.close()
    await client.connection.close()
  }
})
afterAll(() => close())
beforeEach(() => {
  activities = {}
  calls = []
})

const start = (input: object) =>
  client.workflow.start<(given: object) => Promise<SmartTradersResult>>('smartTraders', {
    taskQueue,
    workflowId: `test/${randomUUID()}`,
    args: [input],
  })
type Run = Awaited<ReturnType<typeof start>>

const waiting = (run: Run) => run.query<string[]>('waiting')
const states = async (run: Run) =>
  Object.fromEntries((await run.query<StepProgress[]>('progress')).map(({ step, state }) => [step, state]))
/** What the Temporal UI shows as the current details. */
const details = async (run: Run): Promise<string> =>
  (await run.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails
const refusal = async (update: Promise<unknown>): Promise<string> => {
  const error = await update.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError)
  return String((error as WorkflowUpdateFailedError).cause?.message)
}
const gate = () => {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('pause and resume', () => {
  test('let what runs finish, begin nothing more, and go on', async () => {
    const { opened, open } = gate()
    activities.selectTokens = async () => {
      await opened
      return { receipt: receipt(), computeUnits: 0, tokens: 25 }
    }
    const run = await start({})
    await expect.poll(() => calls, patience).toEqual(['selectTokens'])
    expect(await run.executeUpdate('pause', { args: [{ reason: 'quota' }] })).toMatch(/^paused/)
    open()
    await expect
      .poll(() => states(run), patience)
      .toMatchObject({ tokens: 'done', whales: 'running', histories: 'waiting' })
    expect(await details(run)).toMatch(/^\*\*paused\*\* \(quota\): the update `resume` goes on\n\n\| step/)
    expect(calls).toEqual(['selectTokens'])
    expect(await refusal(run.executeUpdate('pause'))).toBe('pause: the run is paused already (quota)')
    await run.executeUpdate('resume')
    expect((await run.result()).webhook).toBe('confirmed: test')
  })

  test('refuse what makes no sense, naming the field, and leave no trace of it', async () => {
    const { opened, open } = gate()
    activities.selectTokens = () => opened.then(() => ({ receipt: receipt(), computeUnits: 0, tokens: 0 }))
    const run = await start({})
    expect(await refusal(run.executeUpdate('resume'))).toBe('resume: the run is not paused')
    expect(await refusal(run.executeUpdate('pause', { args: [{ reason: 5 }] }))).toMatch(/^pause: reason is 5: /)
    expect(await refusal(run.executeUpdate('pause', { args: [{ colour: 1 }] }))).toMatch(/colour is not a field/)
    expect(await refusal(run.executeUpdate('retry'))).toBe('retry: no part of the run has failed and waits')
    expect(await refusal(run.executeUpdate('approve', { args: [{ step: 'webhook' }] }))).toMatch(/nothing waits/)
    open()
    await run.result()
    const { events } = await run.fetchHistory()
    expect(events?.filter(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update)).toEqual([])
  })
})

describe('a part that failed for good', () => {
  const failing =
    (until: () => boolean): TradersActivities['deriveGold'] =>
    async () => {
      if (until()) throw new SourceChanged('a column is gone')
      return { receipt: receipt() }
    }

  test('fails the run at once, unless the input lets it wait', async () => {
    activities.deriveGold = failing(() => true)
    await expect((await start({})).result()).rejects.toMatchObject({
      cause: { cause: { message: 'a column is gone' } },
    })
  })

  test('is done again by the update retry, and the rest is not', async () => {
    let broken = true
    activities.deriveGold = failing(() => broken)
    const run = await start({ failures: { waitHours: 1 } })
    await expect
      .poll(() => waiting(run), patience)
      .toEqual(['**gold failed**: a column is gone. The update `retry` does it again'])
    expect(await refusal(run.executeUpdate('retry', { args: [{ part: 'silver' }] }))).toBe(
      'retry: part is "silver": it does not wait; what does is gold',
    )
    broken = false
    expect(await run.executeUpdate('retry', { args: [{ part: 'gold' }] })).toBe('done again: gold')
    expect((await run.result()).steps.map(({ state }) => state)).toEqual(Array(7).fill('done'))
    expect(calls.filter((name) => name === 'deriveSilver' || name === 'deriveGold')).toEqual([
      'deriveSilver',
      'deriveGold',
      'deriveGold',
    ])
  })

  test('of several batches waits alone, while the others go on', async () => {
    let broken = true
    activities.fetchHistories = async ({ batch }) => {
      if (broken && batch === 1) throw new SourceChanged('a column is gone')
      return { receipt: receipt(), computeUnits: 50 }
    }
    const run = await start({ failures: { waitHours: 1 }, history: { concurrentBatches: 2 } })
    await expect.poll(() => waiting(run), patience).toEqual([expect.stringContaining('histories 2 failed')])
    await expect.poll(() => calls.filter((name) => name === 'fetchHistories').length, patience).toBe(4)
    broken = false
    await run.executeUpdate('retry')
    expect((await run.result()).computeUnits).toBe(100 + 3 * 500 + 4 * 50)
  })
})

describe('approval of the webhook', () => {
  const approval = { webhook: true }
  const asked = async (run: Run) => expect.poll(() => waiting(run), patience).toHaveLength(1)

  test('shows the plan, waits, and changes it once it is approved', async () => {
    const run = await start({ approval })
    await asked(run)
    expect(await details(run)).toContain('**webhook waits for approval**: Helius would watch 10 wallets.')
    expect(calls).not.toContain('syncWebhook')
    expect(await refusal(run.executeUpdate('approve'))).toMatch(/approve: the input is undefined|approve: step/)
    expect(await refusal(run.executeUpdate('approve', { args: [{ step: 'gold' }] }))).toBe(
      'approve: step is "gold": it does not wait; what does is webhook',
    )
    await run.executeUpdate('approve', { args: [{ step: 'webhook', by: 'Ada' }] })
    expect((await run.result()).webhook).toBe('confirmed: test')
  })

  test('leaves it when it is declined, when nobody answers, and when a later run was published meanwhile', async () => {
    const declined = await start({ approval })
    await asked(declined)
    await declined.executeUpdate('approve', { args: [{ step: 'webhook', approved: false, by: 'Ada' }] })
    expect((await declined.result()).webhook).toBe('not changed: declined by Ada')
    const unanswered = await start({ approval: { webhook: true, waitHours: 0.0002 } })
    expect((await unanswered.result()).webhook).toBe('not changed: nobody approved it within 0.0002 hours')
    activities.planWebhook = async () => ({ plan: 'a plan', superseded: '2026-11-22T06:00:00.000Z' })
    const late = await start({ approval })
    await asked(late)
    await late.executeUpdate('approve', { args: [{ step: 'webhook' }] })
    expect((await late.result()).webhook).toMatch(/^not changed: the later run 2026-11-22T06/)
    expect(calls).not.toContain('syncWebhook')
  })
})
