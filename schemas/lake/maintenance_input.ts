import { z } from 'zod'
import { inputPart } from '../input.js'

/** No activity runs longer, so neither does a transaction or a reader: what is older than this nobody is in the middle of. */
export const longestActivityHours = 12

const hours = (byDefault: number) => z.number().min(longestActivityHours).default(byDefault)
const count = (minimum: number, byDefault: number) => z.int().min(minimum).default(byDefault)

/** What `lakeMaintenance` is told. Every field has a default, so `{}` is a whole run; unknown fields are refused. */
export const maintenanceInput = z.strictObject({
  /** The run's logical time, ISO 8601. Default: the schedule's time, else the start. What is old is told by the clock alone. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Say what would be done, and do nothing. */
  dryRun: z.boolean().default(false),
  /** Rows inlined in the catalog become files once a table has this many, dead ones among them. */
  flush: inputPart({ rows: count(1, 1_000) }),
  /** What stays readable: what is young, what is new, what the kept runs wrote and read, and whatever is pinned or published. */
  snapshots: inputPart({
    olderThanHours: hours(168),
    keepNewest: count(1, 100),
    keepRunsForDays: z.number().min(0).default(30),
    keepNewestRuns: count(0, 10),
  }),
  /** How long a file stays that no snapshot needs any more: a reader may have begun with it. */
  cleanup: inputPart({ olderThanHours: hours(24) }),
  /** How long a file stays that the catalog does not know: a writer may be about to commit it. */
  sweep: inputPart({ olderThanHours: hours(24) }),
})

export type MaintenanceInput = z.infer<typeof maintenanceInput>
