import { InvalidInput } from '../../infra/errors.js'
import { inputProblems } from '../../schemas/input.js'
import { timesBetween } from '../../schemas/schedule_times.js'
import type { BackfilledPipeline, LakeDependencies } from './dependencies.js'

export interface BackfillRequest {
  readonly pipeline: string
  /** ISO 8601 in UTC; the end is not part of it. */
  readonly from: string
  readonly to: string
  /** Milliseconds between the windows; absent: as the pipeline's schedule has them. */
  readonly every?: number | undefined
  /** Also windows whose run is in the lake already. */
  readonly all: boolean
  /** What each run is to be told. */
  readonly input: Readonly<Record<string, unknown>>
  /** How many windows to tell of. */
  readonly limit: number
}

export interface BackfillPlan {
  /** The first windows to run, ascending: logical times, ISO 8601 in UTC. */
  readonly windows: readonly string[]
  /** All windows of the range, those of them that are in the lake, and those to run. */
  readonly total: number
  readonly present: number
  readonly missing: number
  /** For a person. */
  readonly note: string
  readonly run: Pick<BackfilledPipeline, 'taskQueue' | 'workflowType' | 'workflowIdPrefix'>
}

/** Eleven years of hours: more is a slip in `every` or in a year. */
const mostWindows = 100_000

/**
 * Which windows of a pipeline are missing in a range: those without a closing commit in force. Throws InvalidInput, naming the field,
 * for a pipeline that has no windows, a range with too many, and an input that its runs would refuse.
 */
export const planBackfill = async (
  { lake, backfilled = [] }: LakeDependencies,
  request: BackfillRequest,
): Promise<BackfillPlan> => {
  const pipeline = backfilled.find(({ name }) => name === request.pipeline)
  if (pipeline === undefined)
    throw new InvalidInput(
      `pipeline is "${request.pipeline}": it has no windows to run again; there is ${backfilled.map(({ name }) => name).join(', ')}`,
    )
  assertInput(pipeline, request)
  const when = request.every === undefined ? pipeline.schedule?.when : { every: request.every }
  if (when === undefined)
    throw new InvalidInput(
      `every is not given, and ${request.pipeline} has no schedule to take it from: give it, like 6 hours`,
    )
  const done = await lake.session((session) =>
    session.all(
      `SELECT DISTINCT logical_run FROM lake.meta.commits
      WHERE pipeline = $pipeline AND step = $step AND undone_by IS NULL AND logical_run >= $from AND logical_run < $to`,
      { pipeline: pipeline.name, step: pipeline.closingStep, from: request.from, to: request.to },
    ),
  )
  const there = new Set(done.map(({ logical_run }) => String(logical_run)))
  const plan = { total: 0, present: 0, missing: 0, windows: [] as string[] }
  const [from, to] = [Date.parse(request.from), Date.parse(request.to)]
  for (const time of timesBetween(when, pipeline.schedule?.timeZone ?? 'UTC', from, to)) {
    const window = new Date(time).toISOString()
    plan.total += 1
    if (plan.total > mostWindows)
      throw new InvalidInput(
        `from ${request.from} to ${request.to} has over ${mostWindows} windows; take a shorter range`,
      )
    if (there.has(window)) plan.present += 1
    if (there.has(window) && !request.all) continue
    plan.missing += 1
    if (plan.windows.length < request.limit) plan.windows.push(window)
  }
  const { taskQueue, workflowType, workflowIdPrefix } = pipeline
  const note = `${plan.missing} of ${plan.total} windows to run`
  return { ...plan, note, run: { taskQueue, workflowType, workflowIdPrefix } }
}

const assertInput = (pipeline: BackfilledPipeline, { input }: BackfillRequest): void => {
  const parsed = pipeline.input.safeParse(input)
  const problems = parsed.success ? [] : inputProblems(parsed.error, input)
  if ('asOf' in input) problems.push(`asOf is ${JSON.stringify(input['asOf'])}: leave it out, the window says it`)
  if (problems.length > 0) throw new InvalidInput(problems.map((line) => `input.${line}`).join('\n'))
}
