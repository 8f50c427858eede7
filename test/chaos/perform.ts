import { commit, type Step } from '../../activities/commit.js'
import { deriveStage } from '../../activities/derive.js'
import type { Receipt } from '../../activities/receipt.js'
import { stage } from '../../activities/write.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { ScheduledStep } from './schedule.js'
import { bronze, events, gold, silver, windows } from './stages.js'

const stageOf = { window: bronze, append: bronze, poison: bronze, silver, gold } as const
const asOf = '2026-12-01T00:00:00.000Z'

/** Performs a step through the real `commit`; `snapshotOf` tells the snapshot that an earlier step made. */
export const perform = (
  lake: Lake,
  step: ScheduledStep,
  attempt: number,
  snapshotOf: (index: number) => number,
): Promise<Receipt> => commit(lake, toStep(step, attempt, snapshotOf))

export const toStep = (step: ScheduledStep, attempt: number, snapshotOf: (index: number) => number): Step => ({
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
