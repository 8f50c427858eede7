import { commit, type Step } from '../../activities/commit.js'
import { deriveStage } from '../../activities/derive.js'
import { type Publication, publish } from '../../activities/publish.js'
import type { Receipt } from '../../activities/receipt.js'
import { stage } from '../../activities/write.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { ScheduledStep } from './schedule.js'
import { bronze, events, gold, published, silver, windows } from './stages.js'
import { sweep } from './sweep.js'

const stageOf = { window: bronze, append: bronze, poison: bronze, silver, gold } as const
const asOf = '2026-12-01T00:00:00.000Z'

/** Performs a step through the real `commit`; `snapshotOf` tells the snapshot that an earlier step made. */
export const perform = async (
  lake: Lake,
  step: ScheduledStep,
  attempt: number,
  snapshotOf: (index: number) => number,
): Promise<Receipt> => {
  if (step.kind !== 'publish') return commit(lake, toStep(step, attempt, snapshotOf))
  await sweep(lake)
  // Loaded where it is needed: it takes longer than a step.
  const { MockActivityEnvironment } = await import('@temporalio/testing')
  const request = { asOf: step.asOf, snapshotId: snapshotOf(step.pinned) }
  const show = () => publish(lake, 'chaos', { name: 'chaos', published }, request)
  const { receipt, note }: Publication = await new MockActivityEnvironment().run(show)
  if (receipt === undefined) throw new Error(`${step.key}: ${note}`)
  return receipt
}

export const toStep = (
  step: Exclude<ScheduledStep, { kind: 'publish' }>,
  attempt: number,
  snapshotOf: (index: number) => number,
): Step => ({
  stage: stageOf[step.kind],
  key: step.key,
  name: `chaos_${step.kind}`,
  message: `chaos: ${step.kind}`,
  provenance: { pipeline: 'chaos', logicalRun: asOf, attempt, codeVersion: 'chaos' },
  parameters: { as_of: asOf },
  prepare: async (session) => {
    if (step.kind === 'silver' || step.kind === 'gold') {
      const snapshotId = snapshotOf(step.pinned)
      return deriveStage(session, {
        stage: stageOf[step.kind],
        step: `chaos_${step.kind}`,
        snapshotId,
        parameters: { as_of: asOf },
      })
    }
    const staged = await stage(session, events, step.rows)
    if (step.kind === 'poison') {
      return { inputs: {}, writes: [{ table: events, staged, replaces: { kind: 'everything' } }] }
    }
    const stagedWindow = await stage(session, windows, [step.book.windowRow(step.window)])
    const window = { kind: 'window', column: 'window_start', from: step.window, to: step.window + 1n } as const
    return {
      inputs: {},
      writes: [
        { table: events, staged, replaces: step.kind === 'window' ? window : { kind: 'nothing' } },
        { table: windows, staged: stagedWindow, replaces: window },
      ],
    }
  },
})
