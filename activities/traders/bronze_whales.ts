import type { Row } from '../../schemas/table.js'
import { knownOwners } from '../../schemas/traders/addresses.js'
import type { whaleHolders } from '../../schemas/traders/bronze/whale_holders.js'
import type { BirdEyeWork } from './birdeye.js'
import { fetchHolders, fetchTopTraders, type Holder, type TopTrader } from './birdeye_whales.js'
import type { RejectedRow } from './bronze_rejections.js'
import { isOnCurve } from './solana_address.js'

export type WhaleRow = Row<typeof whaleHolders>

export interface WhaleLimits {
  readonly holdersPerToken: number
  readonly topTradersPerToken: number
}

/** The owners who hold or trade most of a token, one row each. */
export const fetchWhales = async (
  work: BirdEyeWork,
  asOf: Date,
  token: string,
  { holdersPerToken, topTradersPerToken }: WhaleLimits,
): Promise<{ rows: WhaleRow[]; rejected: RejectedRow[] }> => {
  const holders = await fetchHolders(work, asOf, token, holdersPerToken)
  const traders = await fetchTopTraders(work, asOf, token, topTradersPerToken)
  return {
    rows: aggregateHolders(asOf, token, holders.items, traders.items),
    rejected: [...holders.rejected, ...traders.rejected],
  }
}

/** Sums token accounts by owner and joins the top traders; owners come by amount, then address, whatever order they were read in. */
export const aggregateHolders = (
  asOf: Date,
  token: string,
  holders: readonly Holder[],
  traders: readonly TopTrader[],
): WhaleRow[] => {
  const owned = new Map<string, { amount: bigint; accounts: number }>()
  for (const { owner, amount_raw } of holders) {
    const sum = owned.get(owner) ?? { amount: 0n, accounts: 0 }
    owned.set(owner, { amount: sum.amount + amount_raw, accounts: sum.accounts + 1 })
  }
  const ranked = [...owned].sort(([a, { amount: x }], [b, { amount: y }]) =>
    x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1,
  )
  const holderRanks = new Map(ranked.map(([owner], index) => [owner, index + 1]))
  const traderRanks = new Map(traders.map((trader, index) => [trader.owner, { trader, rank: index + 1 }]))
  return [...new Set([...holderRanks.keys(), ...traderRanks.keys()])].map((owner) => {
    const kind = ownerKind(owner)
    const trading = traderRanks.get(owner)
    return {
      as_of: asOf,
      token_address: token,
      wallet_address: owner,
      amount_raw: owned.get(owner)?.amount ?? 0n,
      token_account_count: owned.get(owner)?.accounts ?? 0,
      holder_rank: holderRanks.get(owner) ?? null,
      top_trader_rank: trading?.rank ?? null,
      top_trader_volume: trading?.trader.volume ?? null,
      top_trader_trades: trading?.trader.trades ?? null,
      tags: JSON.stringify(trading?.trader.tags ?? []),
      owner_kind: kind,
      is_tradable: kind === 'wallet',
    }
  })
}

/** By the list of known addresses; else an address that can have no private key belongs to a program. */
export const ownerKind = (owner: string): string => knownOwners.get(owner) ?? (isOnCurve(owner) ? 'wallet' : 'program')
