import { z } from 'zod'

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month, like 2026-10')

/** What `billingImport` is told. Every field has a default, so `{}` loads what is new; unknown fields are refused. */
export const billingImportInput = z.strictObject({
  /** The run's logical time, ISO 8601. Default: the schedule's time, else the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Payer accounts; absent: all. */
  accounts: z.array(z.string()).optional(),
  /** Billing months; absent: all. */
  months: z.array(month).optional(),
  /** The report or export; absent: all. */
  export: z.string().optional(),
  /** These deliveries, by their version; absent: the newest of each month. */
  versions: z.array(z.string()).optional(),
  /** Loads a delivery again, one that is older than what is there, or one of another export than what is there. */
  force: z.boolean().default(false),
  /** `all`: the deliveries become one snapshot, or none of them is loaded. `month`: each by itself. */
  atomic: z.enum(['month', 'all']).default('month'),
  maxConcurrentLoads: z.int().min(1).max(32).default(2),
})

export type BillingImportInput = z.infer<typeof billingImportInput>
