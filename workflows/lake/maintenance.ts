import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'
import type { z } from 'zod'
import type { LakeActivities } from '../../activities/lake/index.js'
import type { Work } from '../../activities/lake/survey_tables.js'
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
  /** What was done, or would be, in order. */
  readonly work: readonly string[]
  readonly steps: readonly StepProgress[]
}

/** In this order: what merging and rewriting leave behind is what expiry sets free. */
const reshaping = ['flush', 'rewrite', 'merge', 'cluster'] as const
/** A stage that is written all the time leaves no gap for it; the next run tries again. */
const clusterAttempts = 5
const stepNames = ['survey', ...reshaping, 'expire', 'clean up', 'sweep', 'statistics', 'report']

/** Keeps the lake small and fast: beside running writers and readers, and without changing what any of them reads. */
export async function lakeMaintenance(given?: z.input<typeof maintenanceInput>): Promise<MaintenanceResult> {
  const input = parseInput(maintenanceInput, given)
  const { dryRun, snapshots } = input
  const asOf = logicalTime(input.asOf)
  describeRun('lake')
  const progress = new Progress(stepNames)
  const done: string[] = []
  const lake = (summary: string) => derives<LakeActivities>({ summary })
  const patient = (summary: string) =>
    derives<LakeActivities>({ summary, retry: { initialInterval: '10 seconds', maximumAttempts: clusterAttempts } })
  const call: Record<Work['step'], (work: Work) => Promise<{ note: string }>> = {
    flush: ({ table }) => lake(table).flushTable({ table }),
    rewrite: ({ table }) => lake(table).rewriteFiles({ table }),
    merge: ({ table }) => lake(table).mergeFiles({ table }),
    cluster: ({ table, partition = '' }) =>
      patient(table)
        .clusterTable({ asOf, table, partition })
        .catch((error: unknown) => givenUp(table, error)),
  }
  const survey = () => lake('files of every table').surveyTables({ flushRows: input.flush.rows })
  const noted = async <Result extends { note: string }>(step: string, work: () => Promise<Result>): Promise<Result> => {
    const result = await work()
    done.push(`${step} ${result.note}`)
    return result
  }
  const once = <Result extends { note: string }>(step: string, work: () => Promise<Result>) =>
    progress.step(step, () => noted(step, work))

  const { tables, work } = await progress.step('survey', survey)
  for (const step of reshaping) {
    const wanted = work.filter((each) => each.step === step)
    if (dryRun) done.push(...wanted.map(({ table }) => `${step} ${table}`))
    await progress.batches(step, { batches: dryRun ? 0 : wanted.length, concurrent: 1 }, async (batch) => {
      const each = wanted[batch]
      return each === undefined ? undefined : noted(step, () => call[step](each))
    })
  }
  await once('expire', () => lake('snapshots').expireSnapshots({ dryRun, snapshots }))
  await once('clean up', () => lake('files of no snapshot').cleanUpFiles({ dryRun, ...input.cleanup }))
  await once('sweep', () => lake('files unknown to the catalog').sweepOrphans({ dryRun, ...input.sweep }))
  if (!dryRun) await once('statistics', () => lake('the catalog’s own').updateStatistics())
  const after = new Map((await progress.step('report', survey)).tables.map((each) => [each.table, each]))
  const size = ({ files, bytes }: Size): Size => ({ files, bytes })
  return {
    asOf,
    dryRun,
    tables: tables.map((each) => ({
      table: each.table,
      before: size(each),
      after: size(after.get(each.table) ?? each),
    })),
    work: done,
    steps: progress.steps(),
  }
}

const givenUp = (table: string, error: unknown): { note: string } => {
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) {
    if (error.cause.type === 'CommitConflict')
      return { note: `${table}: left for the next run, as it is being written` }
  }
  throw error
}
