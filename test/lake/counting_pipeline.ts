import { randomUUID } from 'node:crypto'
import { NativeConnection, Worker } from '@temporalio/worker'
import { inject } from 'vitest'
import type { BackfilledPipeline } from '../../activities/lake/dependencies.js'
import { recordReceipt } from '../../activities/receipt.js'
import type { TradersActivities } from '../../activities/traders/index.js'
import { InvalidInput } from '../../infra/errors.js'
import type { Lake } from '../../infra/lake/lake.js'
import { FailureInterceptor } from '../../infra/temporal/failure_interceptor.js'
import { declareSchedules } from '../../schemas/schedule.js'
import { traders } from '../../schemas/traders/index.js'

/** The real `smartTraders` with activities that only leave the receipt of its closing step: a window takes no time. */
export interface CountingPipeline {
  readonly backfilled: BackfilledPipeline
  /** Windows whose run fails. */
  readonly broken: Set<string>
  /** Days, like 2026-04-01, whose runs fail at their first step. */
  readonly hopeless: Set<string>
  /** Every window begun, in order. */
  readonly begun: string[]
  readonly most: { atOnce: number }
  /** Holds every run that begins; releases those held. */
  hold(): () => void
  work(lake: Lake): Promise<void>
  close(): Promise<void>
}

export const createCountingPipeline = async (): Promise<CountingPipeline> => {
  const taskQueue = `traders-${randomUUID()}`
  const usual = { overlap: 'skip', catchupWindow: '1 hour', pauseOnFailure: false } as const
  const schedule = declareSchedules([{ id: 'test', domain: traders, when: { cron: '0 */6 * * *' }, ...usual }])[0]
  if (schedule === undefined) throw new Error('nothing was declared')
  const begun: string[] = []
  const [broken, hopeless] = [new Set<string>(), new Set<string>()]
  const most = { atOnce: 0 }
  let held = Promise.resolve()
  let release: () => void = () => undefined
  let running = 0
  let snapshots = 0
  const receipt = () => {
    snapshots += 1
    const none = { rows: {}, contentHashes: {}, inputs: {}, parameters: {} }
    return { key: '', stage: '', step: '', snapshotId: snapshots, committedAt: '2026-11-21T06:00:00.000Z', ...none }
  }
  const activities = (lake: Lake): TradersActivities => ({
    selectTokens: async ({ asOf }) => {
      begun.push(asOf)
      if (hopeless.has(asOf.slice(0, 10))) throw new InvalidInput('this day is hopeless')
      running += 1
      most.atOnce = Math.max(most.atOnce, running)
      await held
      return { receipt: receipt(), computeUnits: 0, tokens: 0 }
    },
    fetchWhales: async () => ({ receipt: receipt(), computeUnits: 0 }),
    planHistories: async () => ({ wallets: 0, batches: 0 }),
    fetchHistories: async () => ({ receipt: receipt(), computeUnits: 0 }),
    deriveSilver: async () => ({ receipt: receipt() }),
    deriveGold: async ({ asOf }) => {
      running -= 1
      if (broken.has(asOf)) throw new InvalidInput('this window is broken')
      const made = { ...receipt(), key: `${asOf}/${randomUUID()}`, stage: 'traders_gold', step: 'derive_gold' }
      const provenance = { pipeline: 'traders', logicalRun: asOf, attempt: 1, codeVersion: 'test' }
      await lake.session((session) => recordReceipt(session, made, [], 'test', provenance))
      return { receipt: made }
    },
    publish: async () => ({ note: 'not published' }),
    planWebhook: async () => ({ plan: '' }),
    syncWebhook: async () => ({ receipt: receipt(), note: '' }),
    deriveTrades: async () => ({ note: '' }),
    checkWebhook: async () => ({ note: '' }),
    raiseAlerts: async () => ({ note: '' }),
    deliverAlerts: async () => ({ note: '' }),
  })
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') })
  let worker: Worker | undefined
  let stopped = Promise.resolve()
  return {
    backfilled: { name: 'traders', taskQueue, ...traders.pipeline, closingStep: 'derive_gold', schedule },
    broken,
    hopeless,
    begun,
    most,
    hold: () => {
      // What a failed test left held would keep the worker from draining.
      release()
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => release()
    },
    work: async (lake) => {
      worker = await Worker.create({
        connection,
        taskQueue,
        workflowBundle: { codePath: inject('bundles')['traders'] ?? '' },
        activities: activities(lake),
        interceptors: { activity: [(context) => ({ inbound: new FailureInterceptor(context) })] },
      })
      stopped = worker.run()
    },
    close: async () => {
      release()
      worker?.shutdown()
      await stopped
      await connection.close()
    },
  }
}
