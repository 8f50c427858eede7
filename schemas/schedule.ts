import { z } from 'zod'
import { type Calendar, parseCron } from './cron.js'
import type { Domain, Pipeline } from './domain.js'
import { duration } from './duration.js'
import { inputProblems } from './input.js'

const cron = z.string().transform((text, context): { text: string; calendar: Calendar } => {
  try {
    return { text, calendar: parseCron(text) }
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

const timeZone = z.string().refine(
  (name) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
    } catch {
      return false
    }
  },
  { error: 'must be a time zone, like UTC or Europe/Zurich' },
)

/** Temporal takes no shorter one. */
const shortestCatchupMs = 10_000
const catchupWindow = duration.refine((ms) => ms >= shortestCatchupMs, { error: 'must be 10 seconds or more' })

/** When a pipeline is started: at the times of a cron expression, or every so often, counted from 1970. */
const timing = z.union([
  z.strictObject({ cron }),
  z.strictObject({ every: duration.refine((ms) => ms > 0, { error: 'must be above 0' }), offset: duration.optional() }),
])

export type Timing = z.output<typeof timing>

/** A schedule as it is declared: what Temporal would fill in silently is said. */
const declaration = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be lower-case words joined by -'),
  when: timing,
  timeZone: timeZone.default('UTC'),
  /** Each start is later than its time by a random part of this, so that not everybody asks a source at the full hour. */
  jitter: duration.default(0),
  /** What happens to a start while the run before is still going. */
  overlap: z.enum(['skip', 'buffer one', 'buffer all', 'cancel other', 'terminate other', 'allow all']),
  /** Starts that were missed while Temporal was down are made up for when they are younger. Temporal's own default is a year. */
  catchupWindow,
  pauseOnFailure: z.boolean(),
  /** Made as paused, for what costs money: resumed by a person, and never paused again by applying. */
  startsPaused: z.boolean().default(false),
  /** Of the workflow, except `asOf`, which is the scheduled time. */
  input: z.record(z.string(), z.unknown()).default({}),
})

/** A declared schedule, with what it starts. Durations are milliseconds. */
export interface Schedule extends z.output<typeof declaration> {
  readonly domain: string
  readonly pipeline: Pick<Pipeline, 'workflowType' | 'workflowIdPrefix'>
}

type Declared = z.input<typeof declaration> & {
  readonly domain: Domain
  /** Default: the domain's. */
  readonly pipeline?: Pipeline
}

/** Reads the declarations. Throws, with a line per problem that names schedule and field, where one cannot be used. */
export const declareSchedules = (declared: readonly Declared[]): readonly Schedule[] => {
  const problems: string[] = []
  const schedules = declared.flatMap(({ domain, pipeline = domain.pipeline, ...given }): Schedule[] => {
    const parsed = declaration.safeParse(given)
    if (!parsed.success) {
      problems.push(...inputProblems(parsed.error, given).map((line) => `${given.id}: ${line}`))
      return []
    }
    const { input } = parsed.data
    const refused = pipeline.input.safeParse(input)
    if (!refused.success)
      problems.push(...inputProblems(refused.error, input).map((line) => `${given.id}: input.${line}`))
    if ('asOf' in input)
      problems.push(`${given.id}: input.asOf is ${JSON.stringify(input['asOf'])}: leave it out, the schedule says it`)
    const { workflowType, workflowIdPrefix } = pipeline
    return [{ ...parsed.data, domain: domain.name, pipeline: { workflowType, workflowIdPrefix } }]
  })
  const twice = declared.find(({ id }, index) => declared.findIndex((other) => other.id === id) < index)
  if (twice !== undefined) problems.push(`${twice.id}: is declared twice; give one of them another id`)
  if (problems.length > 0) throw new Error(`The schedules cannot be used:\n  ${problems.join('\n  ')}`)
  return schedules
}
