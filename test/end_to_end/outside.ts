import type { FaultRule } from '../../infra/sandbox/faults.js'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, startSandbox } from '../../infra/sandbox/server.js'

const dayMs = 86_400_000

export interface Outside {
  readonly sandbox: Sandbox
  /** What points the program at it, as a user would point it at the vendors. */
  readonly environment: NodeJS.ProcessEnv
}

/** A small market behind the vendors' contracts, asked with keys, so that a test can watch and disturb the traffic. */
export const startOutside = async (faults: FaultRule[] = []): Promise<Outside> => {
  // Whole seconds, as block times are.
  const startsAt = Math.floor((Date.now() - 100 * dayMs) / 1_000) * 1_000
  const { market } = createMarket({ seed: 5, startsAt, tokens: 12, wallets: 80, swaps: 8_000 })
  const apiKeys = { birdeye: 'outside-birdeye', helius: 'outside-helius' }
  const sandbox = await startSandbox({ market, apiKeys, faults })
  return { sandbox, environment: environmentOf(sandbox, apiKeys) }
}

/** What points the program at a sandbox, which it may ask as fast as it can. */
export const environmentOf = (sandbox: Sandbox, apiKeys: { birdeye: string; helius: string }): NodeJS.ProcessEnv => ({
  BIRDEYE_BASE_URL: sandbox.url,
  BIRDEYE_API_KEY: apiKeys.birdeye,
  BIRDEYE_REQUESTS_PER_SECOND: '100000',
  BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE: '1000000',
  HELIUS_BASE_URL: sandbox.url,
  HELIUS_API_KEY: apiKeys.helius,
  WEBHOOK_URL: 'https://hooks.example.com/helius',
})

/** Waits until so many requests of a path have been asked for. */
export const untilAsked = async (sandbox: Sandbox, part: string, count: number): Promise<void> => {
  const asked = () =>
    Object.entries(sandbox.statistics().byEndpoint)
      .filter(([endpoint]) => endpoint.includes(part))
      .reduce((total, [, each]) => total + each, 0)
  while (asked() < count) await new Promise((resolve) => setTimeout(resolve, 20))
}
