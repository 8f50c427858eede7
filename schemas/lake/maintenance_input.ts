import { z } from 'zod'

/** What `lakeMaintenance` is told. Every field has a default, so `{}` is a whole run; unknown fields are refused. */
export const maintenanceInput = z.strictObject({
  /** The run's logical time, ISO 8601. Default: the schedule's time, else the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Say what would be done, and do nothing. */
  dryRun: z.boolean().default(false),
})
