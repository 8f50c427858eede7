import { createMarket } from '../../infra/sandbox/market.js'
import { startSandbox } from '../../infra/sandbox/server.js'
import { environmentOf, type Outside } from '../end_to_end/outside.js'

export interface FixedOutside extends Outside {
  /** The market's now: a run as of it gives the same rows whenever and however often it is made. */
  readonly asOf: string
  /** Secrets that must be found nowhere but in the requests. */
  readonly canaries: readonly string[]
}

/** A market whose clock stands still behind the vendors' contracts, so that every run of it can be compared with every other. */
export const startFixedOutside = async (seed: number): Promise<FixedOutside> => {
  const { market } = createMarket({
    seed,
    startsAt: Date.parse('2026-08-01T00:00:00Z'),
    tokens: 8,
    wallets: 60,
    swaps: 4_000,
  })
  const apiKeys = { birdeye: 'canary-birdeye-c4a5', helius: 'canary-helius-0f17' }
  const webhookAuth = 'canary-webhook-6be2'
  const sandbox = await startSandbox({ market, apiKeys, clock: () => market.nowMs })
  return {
    sandbox,
    asOf: new Date(market.nowMs).toISOString(),
    canaries: [...Object.values(apiKeys), webhookAuth],
    environment: { ...environmentOf(sandbox, apiKeys), WEBHOOK_AUTH: webhookAuth },
  }
}
