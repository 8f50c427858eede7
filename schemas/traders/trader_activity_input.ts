import { z } from 'zod'
import { inputPart } from '../input.js'

/** What `traderActivity` is told. Every field has a default, so `{}` looks at everything; unknown fields are refused. */
export const traderActivityInput = z.strictObject({
  /** The logical time of the first pass, ISO 8601. Default: the schedule's time, else the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  alerts: inputPart({
    /** So many watched wallets must have bought one token within `clusterMinutes`. */
    clusterWallets: z.int().min(2).max(1_000).default(2),
    clusterMinutes: z.int().min(1).max(1_440).default(30),
  }),
  check: inputPart({
    /** Helius is asked how the webhook stands when the last time is so long ago. 0: in every pass. */
    everyMinutes: z.int().min(0).max(10_080).default(60),
    /** Polling knows of a swap before the webhook has told it; what is younger is not missed yet. */
    graceMinutes: z.int().min(0).max(1_440).default(5),
  }),
})

export type TraderActivityInput = z.infer<typeof traderActivityInput>
