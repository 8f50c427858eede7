import { z } from 'zod'

/** What `lakeRollback` is told. The target has no default: nobody can mean any snapshot. Unknown fields are refused. */
export const rollbackInput = z.strictObject({
  /** A snapshot's number or a time, ISO 8601. */
  to: z
    .string({ error: 'give the number of a snapshot, as text, or a time; npx tributary snapshots lists them' })
    .min(1),
  /** The rollback's logical time, ISO 8601: the same again is the same rollback. Default: the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Whose tables are restored. Default: the only domain that has tables. */
  domain: z.string().min(1).optional(),
  /** Say what would change, and change nothing. */
  dryRun: z.boolean().default(false),
  /** Why, for the record. */
  reason: z.string().max(500).default(''),
})
