import type { z } from 'zod'
import type { LakeActivities } from '../../activities/lake/index.js'
import type { ReplayReport } from '../../activities/lake/replay_run.js'
import { replayInput } from '../../schemas/lake/replay_input.js'
import { describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { derives } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'

export type ReplayResult = ReplayReport & { readonly steps: readonly StepProgress[] }

/** Derives a recorded run again and compares: the same code must make the same rows. */
export async function lakeReplay(given?: z.input<typeof replayInput>): Promise<ReplayResult> {
  const input = parseInput(replayInput, given)
  describeRun('lake')
  const progress = new Progress(['replay'])
  const lake = derives<LakeActivities>({ summary: input.run })
  const report = await progress.step('replay', () => lake.replayRun({ ...input, asOf: logicalTime(input.asOf) }))
  return { ...report, steps: progress.steps() }
}
