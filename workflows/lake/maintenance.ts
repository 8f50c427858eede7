import type { z } from 'zod'
import type { LakeActivities } from '../../activities/lake/index.js'
import { maintenanceInput } from '../../schemas/lake/maintenance_input.js'
import { describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { derives } from '../policies.js'
import { Progress, type StepProgress } from '../progress.js'

interface Size {
  readonly files: number
  readonly bytes: number
}

export interface MaintenanceResult {
  readonly asOf: string
  readonly dryRun: boolean
  /** The current files of each table. */
  readonly tables: readonly { readonly table: string; readonly before: Size; readonly after: Size }[]
  readonly steps: readonly StepProgress[]
}

const stepNames = ['survey']

/** Keeps the lake small and fast: beside running writers and readers, and without changing what any of them reads. */
export async function lakeMaintenance(given?: z.input<typeof maintenanceInput>): Promise<MaintenanceResult> {
  const input = parseInput(maintenanceInput, given)
  const asOf = logicalTime(input.asOf)
  describeRun('lake')
  const progress = new Progress(stepNames)
  const lake = (summary: string) => derives<LakeActivities>({ summary })

  const { tables } = await progress.step('survey', () => lake('files of every table').surveyTables())
  const size = ({ files, bytes }: Size): Size => ({ files, bytes })
  return {
    asOf,
    dryRun: input.dryRun,
    tables: tables.map((each) => ({ table: each.table, before: size(each), after: size(each) })),
    steps: progress.steps(),
  }
}
