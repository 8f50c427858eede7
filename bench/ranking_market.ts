import { type SwapRow, toSwap } from '../activities/traders/bronze_swap.js'
import { createMarket, type Market, swapItems } from '../infra/sandbox/market.js'
import type { Kind } from '../infra/sandbox/plans.js'
import { tokenMetrics } from '../schemas/traders/bronze/token_metrics.js'
import { transactionHistory } from '../schemas/traders/bronze/transaction_history.js'
import { whaleHolders } from '../schemas/traders/bronze/whale_holders.js'
import { InMemoryGold } from './in_memory_gold.js'

const dayMs = 86_400_000
/** What the pipeline reads back to by default. */
const historyDays = 90

export interface MarketSize {
  readonly wallets: number
  readonly swaps: number
  readonly tokens: number
  /** The pipeline's `history.maxTransactionsPerWallet`: with few, nobody is told from others by how much they trade. */
  readonly maxTransactions: number
}

export interface Known {
  readonly kind: Kind
  readonly futureReturn: number
}

/** A generated market's history in a database of its own, and the truth that was planted in it. */
export const loadMarket = async (
  seed: number,
  size: MarketSize,
): Promise<{ gold: InMemoryGold; truth: ReadonlyMap<string, Known> }> => {
  const { market, truth } = createMarket({ seed, ...size, startsAt: Date.UTC(2026, 7, 1) })
  const asOf = new Date(market.nowMs)
  const gold = await InMemoryGold.open(asOf.toISOString())
  await gold.load(transactionHistory, history(market, market.nowMs - historyDays * dayMs, size.maxTransactions))
  await gold.load(tokenMetrics, [])
  await gold.load(
    whaleHolders,
    market.wallets.map((wallet_address) => ({ ...whaleHolders.example, as_of: asOf, wallet_address })),
  )
  return { gold, truth }
}

/** What the pipeline would have fetched: each wallet's swaps, newest first, up to whichever limit comes first. */
function* history(market: Market, sinceMs: number, maxTransactions: number): Generator<SwapRow> {
  let owner = ''
  let count = 0
  for (const item of swapItems(market)) {
    if (item.owner !== owner) count = 0
    owner = item.owner
    count += 1
    if (count > maxTransactions || item.block_unix_time * 1000 < sinceMs) continue
    const swap = toSwap(item, item.owner)
    if ('refused' in swap) throw new Error(swap.refused)
    yield swap.row
  }
}
