import { z } from 'zod'

/** What `lakeReplay` is told. The run has no default: nobody can mean every run. Unknown fields are refused. */
export const replayInput = z.strictObject({
  run: z
    .string({
      error: 'name a run by its workflow id, by pipeline and time (traders/2026-11-21T06:00:00.000Z), or by its time',
    })
    .min(1),
  /** Leave the replayed tables in a schema of the lake, for queries. */
  keep: z.boolean().default(false),
  /** Put the replayed rows into the stages, in place of what they hold. */
  promote: z.boolean().default(false),
  /** The replay's logical time, ISO 8601: promoting the same again is the same commit. Default: the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** How many differing rows are told of each table: results travel through Temporal, which keeps them. */
  differences: z.int().min(0).max(50).default(20),
})
