import type { z } from 'zod'
import type { LakeActivities } from '../../activities/lake/index.js'
import type { RollbackReport } from '../../activities/lake/rollback.js'
import { rollbackInput } from '../../schemas/lake/rollback_input.js'
import { describeResult, describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { derives } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'

export type RollbackResult = RollbackReport & { readonly steps: readonly StepProgress[] }

/** Restores a domain's tables to what they were at a snapshot, as one new snapshot: nothing is lost by it. */
export async function lakeRollback(given?: z.input<typeof rollbackInput>): Promise<RollbackResult> {
  const input = parseInput(rollbackInput, given)
  const asOf = logicalTime(input.asOf)
  describeRun('lake')
  const progress = new Progress(['rollback'])
  const lake = derives<LakeActivities>({ summary: `to ${input.to}` })
  const report = await progress.step('rollback', () => lake.rollBack({ ...input, asOf }))
  if (report.receipt !== undefined) describeResult(report.receipt.snapshotId, true)
  return { ...report, steps: progress.steps() }
}
