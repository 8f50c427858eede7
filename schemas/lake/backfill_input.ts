import { z } from 'zod'
import { duration } from '../duration.js'

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a date or a time, like 2026-11-01 or 2026-11-01T06:00:00Z',
  })
  .transform((text) => new Date(text).toISOString())

/** More at once would wait for each other: the lake's commits take turns, and a source has one rate limit. */
export const mostAtOnce = 20

/** What `lakeBackfill` is told. What and from when to when have no default: nobody can mean all of time. Unknown fields are refused. */
export const backfillInput = z
  .strictObject({
    pipeline: z.string({ error: 'name a pipeline, like traders' }).min(1),
    /** The first logical time, and the end, which is not part of it. */
    from: moment,
    to: moment,
    /** How far the windows lie apart. Default: as the pipeline's schedule has them. */
    every: duration.refine((ms) => ms > 0, { error: 'must be above 0' }).optional(),
    /** Also windows whose run is in the lake already. */
    all: z.boolean().default(false),
    /** Say which windows would run, and run none. */
    dryRun: z.boolean().default(false),
    /** How many windows at once. */
    parallel: z.int().min(1).max(mostAtOnce).default(2),
    /** Of each run, except `asOf`, which is its window. */
    input: z.record(z.string(), z.unknown()).default({}),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be later than from' })
