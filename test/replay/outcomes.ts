import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { deliver, usageLines } from '../billing/deliveries.js'
import type { Pipeline } from '../traders/pipeline.js'

/** A way in which a run can end, and how one that ends so is had of a real pipeline. */
export interface Outcome {
  readonly workflowType: string
  readonly outcome: string
  readonly ends: 'COMPLETED' | 'FAILED' | 'CANCELED'
  /** Resolves when the run has ended. */
  readonly run: (pipeline: Pipeline) => Promise<WorkflowHandle>
}

const ended = async (started: Promise<WorkflowHandle>): Promise<WorkflowHandle> => {
  const handle = await started
  await handle.result().catch(() => undefined)
  return handle
}

/** Two tokens are two batches of whales, and a few wallets a batch several of histories. */
const small = { tokens: { limit: 2 }, whales: { tokensPerBatch: 1 }, history: { walletsPerBatch: 5 } }
const billingImport = { type: 'billingImport', domain: 'billing' }
const later = ({ market }: Pipeline, seconds: number, input: object = small) => ({
  ...input,
  asOf: new Date(market.nowMs + seconds * 1_000).toISOString(),
})

const asked = async ({ sandbox }: Pipeline, path: string): Promise<void> => {
  sandbox.resetStatistics()
  const requests = () => Object.entries(sandbox.statistics().byEndpoint).filter(([endpoint]) => endpoint.includes(path))
  while (requests().length === 0) await sleep(20)
}

/** Until people are waited for; what failed meanwhile waits too, so each retry asks again. */
const waiting = async (run: WorkflowHandle, what: string): Promise<void> => {
  while (!(await run.query<string[]>('waiting')).some((line) => line.includes(what))) {
    if (what !== 'failed') await run.executeUpdate('retry').catch(() => undefined)
    await sleep(50)
  }
}

const hourMs = 3_600_000
/** Two hours before the market's now, the second not yet over. */
const twoHours = ({ market }: Pipeline, hoursBack: number) => {
  const to = Math.floor(market.nowMs / hourMs) * hourMs - hoursBack * hourMs
  const [from, end] = [to - 2 * hourMs, to].map((time) => new Date(time).toISOString())
  return { asOf: undefined, pipeline: 'traders', from, to: end, every: '1 hour', input: small }
}
const backfill = { type: 'lakeBackfill', domain: 'lake' }

const backfills: readonly Outcome[] = [
  {
    workflowType: 'lakeBackfill',
    outcome: 'completed',
    ends: 'COMPLETED',
    run: (pipeline) => ended(pipeline.start(twoHours(pipeline, 0), backfill)),
  },
  {
    workflowType: 'lakeBackfill',
    outcome: 'failed_window',
    ends: 'FAILED',
    run: async (pipeline) => {
      pipeline.sandbox.faults.add({ kind: 'changed_schema', path: 'seek_by_time', share: 1 })
      const handle = await ended(pipeline.start(twoHours(pipeline, 2), backfill))
      pipeline.sandbox.faults.clear()
      return handle
    },
  },
  {
    workflowType: 'lakeBackfill',
    outcome: 'cancelled',
    ends: 'CANCELED',
    run: async (pipeline) => {
      pipeline.sandbox.faults.add({ kind: 'hang', path: 'seek_by_time' })
      const started = await pipeline.start({ ...twoHours(pipeline, 4), parallel: 1 }, backfill)
      await asked(pipeline, 'seek_by_time')
      await started.cancel()
      const handle = await ended(Promise.resolve(started))
      pipeline.sandbox.faults.clear()
      return handle
    },
  },
  {
    workflowType: 'lakeBackfill',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({ asOf: undefined, pipeline: 'traders', from: 'then' }, backfill)),
  },
]

/** What `UPDATE_HISTORIES=1` records, in this order, on one pipeline. */
export const outcomes: readonly Outcome[] = [
  {
    workflowType: 'smartTraders',
    outcome: 'completed',
    ends: 'COMPLETED',
    run: (pipeline) => ended(pipeline.start(small)),
  },
  {
    workflowType: 'smartTraders',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({ tokens: { limit: -1 } })),
  },
  {
    workflowType: 'smartTraders',
    outcome: 'failed_source',
    ends: 'FAILED',
    run: async (pipeline) => {
      pipeline.sandbox.faults.add({ kind: 'changed_schema', path: 'seek_by_time', share: 1 })
      const handle = await ended(pipeline.start(later(pipeline, 1)))
      pipeline.sandbox.faults.clear()
      return handle
    },
  },
  {
    workflowType: 'smartTraders',
    outcome: 'cancelled',
    ends: 'CANCELED',
    run: async (pipeline) => {
      pipeline.sandbox.faults.add({ kind: 'hang', path: 'seek_by_time' })
      const started = await pipeline.start(later(pipeline, 2))
      await asked(pipeline, 'seek_by_time')
      await started.cancel()
      const handle = await ended(Promise.resolve(started))
      pipeline.sandbox.faults.clear()
      return handle
    },
  },
  {
    workflowType: 'smartTraders',
    outcome: 'parked_budget',
    ends: 'COMPLETED',
    // Enough for the tokens, the whales and a few wallets.
    run: (pipeline) => ended(pipeline.start({ ...later(pipeline, 3), budget: { computeUnits: 1_000 } })),
  },
  {
    workflowType: 'billingImport',
    outcome: 'completed',
    ends: 'COMPLETED',
    run: async (pipeline) => {
      for (const month of ['2026-09', '2026-10'])
        await deliver(pipeline.bills, { month, lines: usageLines(20, { month }) })
      return ended(pipeline.start({}, billingImport))
    },
  },
  {
    workflowType: 'billingImport',
    outcome: 'nothing_new',
    ends: 'COMPLETED',
    run: (pipeline) => ended(pipeline.start(later(pipeline, 4, {}), billingImport)),
  },
  {
    workflowType: 'billingImport',
    outcome: 'refused_delivery',
    ends: 'FAILED',
    run: async (pipeline) => {
      await deliver(pipeline.bills, { version: 'v2', lines: usageLines(20) })
      await deliver(pipeline.bills, {
        account: '222222222222',
        lines: usageLines(20, { account: '222222222222' }),
        damage: () => undefined,
      })
      return ended(pipeline.start(later(pipeline, 5, {}), billingImport))
    },
  },
  {
    workflowType: 'billingImport',
    outcome: 'one_snapshot',
    ends: 'COMPLETED',
    run: async (pipeline) => {
      const account = '222222222222'
      await deliver(pipeline.bills, { account, version: 'v2', lines: usageLines(20, { account }) })
      return ended(pipeline.start(later(pipeline, 6, { atomic: 'all' }), billingImport))
    },
  },
  {
    workflowType: 'billingImport',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({ months: ['October'] }, billingImport)),
  },
  {
    workflowType: 'smartTraders',
    outcome: 'told_by_people',
    ends: 'COMPLETED',
    run: async (pipeline) => {
      pipeline.sandbox.faults.add({ kind: 'changed_schema', path: 'seek_by_time', share: 1 })
      const run = await pipeline.start({
        ...later(pipeline, 4),
        failures: { waitHours: 1 },
        approval: { webhook: true },
      })
      await run.executeUpdate('pause', { args: [{ reason: 'to be recorded' }] })
      await run.executeUpdate('resume')
      await waiting(run, 'failed')
      pipeline.sandbox.faults.clear()
      await run.executeUpdate('retry')
      await waiting(run, 'waits for approval')
      await run.executeUpdate('approve', { args: [{ step: 'webhook', by: 'the recorder' }] })
      return ended(Promise.resolve(run))
    },
  },
  {
    workflowType: 'traderActivity',
    outcome: 'completed',
    ends: 'COMPLETED',
    // After runs that chose wallets, so that there is a webhook to look at.
    run: (pipeline) => ended(pipeline.start({}, { type: 'traderActivity', domain: 'traders' })),
  },
  {
    workflowType: 'traderActivity',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) =>
      ended(pipeline.start({ check: { everyMinutes: -1 } }, { type: 'traderActivity', domain: 'traders' })),
  },
  ...backfills,
  {
    workflowType: 'lakeMaintenance',
    outcome: 'completed',
    ends: 'COMPLETED',
    run: (pipeline) => ended(pipeline.start({}, { type: 'lakeMaintenance', domain: 'lake' })),
  },
  {
    workflowType: 'lakeMaintenance',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({ dryRun: 'perhaps' }, { type: 'lakeMaintenance', domain: 'lake' })),
  },
  {
    workflowType: 'lakeReplay',
    outcome: 'completed',
    ends: 'COMPLETED',
    run: (pipeline) =>
      ended(
        pipeline.start({ asOf: undefined, run: `traders/${pipeline.asOf}` }, { type: 'lakeReplay', domain: 'lake' }),
      ),
  },
  {
    workflowType: 'lakeReplay',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({}, { type: 'lakeReplay', domain: 'lake' })),
  },
  {
    workflowType: 'lakeRollback',
    outcome: 'completed',
    ends: 'COMPLETED',
    // The newest snapshot: every step is taken, and no table of the recorded runs goes.
    run: (pipeline) => ended(pipeline.start({ to: '2100-01-01' }, { type: 'lakeRollback', domain: 'lake' })),
  },
  {
    workflowType: 'lakeRollback',
    outcome: 'refused_input',
    ends: 'FAILED',
    run: (pipeline) => ended(pipeline.start({}, { type: 'lakeRollback', domain: 'lake' })),
  },
]
