import { z } from 'zod'
import { inputPart } from '../input.js'
import { goldInput } from './gold/rules.js'

const count = (minimum: number, maximum: number, byDefault: number) =>
  z.int().min(minimum).max(maximum).default(byDefault)
const usdAmount = (byDefault: number) => z.number().min(0).default(byDefault)

/** A week: whom nobody answered by then nobody will. */
const waitHours = (byDefault: number) => z.number().min(0).max(168).default(byDefault)

/** What `smartTraders` is told. Every field has a default, so `{}` is a whole run; unknown fields are refused. */
export const smartTradersInput = z.strictObject({
  /** The run's logical time, ISO 8601. Default: the schedule's time, else the start. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Which tokens are looked at. */
  tokens: inputPart({
    limit: count(1, 1_000, 50),
    minLiquidityUsd: usdAmount(1_000_000),
    maxLiquidityUsd: usdAmount(3_000_000),
    minVolume1hUsd: usdAmount(100_000),
    minPriceChange24hPercent: z.number().default(30),
  }),
  /** Whose wallets are taken from each token. BirdEye serves at most 10,000 of either list. */
  whales: inputPart({
    holdersPerToken: count(0, 10_000, 500),
    topTradersPerToken: count(0, 10_000, 30),
    tokensPerBatch: count(1, 100, 10),
  }),
  /** How far back each wallet's swaps are read. A batch is one activity and one commit. */
  history: inputPart({
    days: count(1, 3_650, 90),
    maxTransactionsPerWallet: count(1, 1_000_000, 10_000),
    walletsPerBatch: count(1, 1_000, 50),
    concurrentBatches: count(1, 50, 3),
    maxWallets: count(1, 1_000_000, 25_000),
  }),
  /** `changed` recomputes the wallets whose inputs changed, `all` every one: the rows are the same. */
  pnl: inputPart({ recompute: z.enum(['changed', 'all']).default('changed') }),
  /** The thresholds of every rule and tier: see gold/rules.ts. */
  gold: inputPart(goldInput),
  /** How many of the best wallets the webhook watches. */
  webhook: inputPart({ top: count(0, 100_000, 10) }),
  /** Whether the webhook is changed only once somebody said so, with the update `approve`; how long that is waited for. */
  approval: inputPart({ webhook: z.boolean().default(false), waitHours: waitHours(24) }),
  /** How long a part that failed for good waits for the update `retry`; then, and at 0 at once, the run fails. */
  failures: inputPart({ waitHours: waitHours(0) }),
  /** What the run may spend at BirdEye; what is left undone then is done by a later run. */
  budget: inputPart({ computeUnits: count(0, 1_000_000_000, 1_000_000) }),
})

export type SmartTradersInput = z.infer<typeof smartTradersInput>
