import { programAddress } from './addresses.js'
import type { Token } from './assets.js'
import type { Market } from './market.js'
import { BURN_ADDRESSES, EXCHANGES, POOL_AUTHORITY } from './owners.js'
import { priceAt } from './price_path.js'
import { createRandom, mixSeed } from './random.js'
import { QUIRK, type Swap } from './swap.js'
import { liquidityUsd } from './token_metrics.js'

/** One token account: an owner may have several. */
export type Holding = { owner: string; tokenAccount: string; raw: bigint }

/** A swap's effect on one token. */
export type TokenChange = { swap: Swap; raw: bigint }

/** The changes of every token, oldest first, by its address. */
export function changesByToken(market: Market): Map<string, TokenChange[]> {
  const changes = new Map<string, TokenChange[]>(market.tokens.map((token) => [token.address, []]))
  for (const swaps of market.swaps.values()) {
    for (let index = swaps.length - 1; index >= 0; index -= 1) {
      const swap = swaps[index]
      if (swap === undefined) continue
      changes.get(swap.base.address)?.push({ swap, raw: swap.baseChange })
      changes.get(swap.quote.address)?.push({ swap, raw: swap.quoteChange })
    }
  }
  for (const list of changes.values()) list.sort((left, right) => left.swap.timeS - right.swap.timeS)
  return changes
}

/** All token accounts of a token at a time, largest first: traders, pools, exchanges, a vault and what was burned. */
export function holdingsOf(market: Market, token: Token, changes: readonly TokenChange[], atMs: number): Holding[] {
  const balances = new Map<string, bigint>()
  for (const { swap, raw } of changes) {
    if (swap.timeS * 1000 > atMs) break
    if (swap.quirks & QUIRK.transferredIn) continue
    balances.set(swap.owner, (balances.get(swap.owner) ?? 0n) + raw)
  }
  const account = (owner: string, number: number) =>
    programAddress(createRandom(market.options.seed, 6, token.index, mixSeed(...Buffer.from(owner)), number))
  const holdings: Holding[] = []
  for (const [owner, raw] of balances) {
    if (raw <= 0n) continue
    // One owner in fifteen keeps the token in two accounts.
    const second = mixSeed(token.index, owner.charCodeAt(5), owner.charCodeAt(9)) % 15 === 0 ? raw / 3n : 0n
    holdings.push({ owner, tokenAccount: account(owner, 0), raw: raw - second })
    if (second > 0n) holdings.push({ owner, tokenAccount: account(owner, 1), raw: second })
  }
  const share = (part: number) => (token.supply * BigInt(Math.round(part * 10_000))) / 10_000n
  const pooledUsd = liquidityUsd(token, atMs) / 2
  const pooled = BigInt(Math.floor((pooledUsd / priceAt(token.path, atMs)) * 10 ** token.decimals))
  for (const pool of token.pools) holdings.push(others(pool.address, pooled / BigInt(token.pools.length)))
  EXCHANGES.slice(0, 2 + (token.index % 3)).forEach((owner, index) => {
    holdings.push(others(owner, share(0.03 - index * 0.005)))
  })
  for (const owner of BURN_ADDRESSES) holdings.push(others(owner, share(0.04)))
  holdings.push(others(POOL_AUTHORITY, share(0.01)))

  function others(owner: string, raw: bigint): Holding {
    return { owner, tokenAccount: account(owner, 0), raw: raw + 1n }
  }
  return holdings.sort((left, right) => (left.raw === right.raw ? 0 : left.raw < right.raw ? 1 : -1))
}

/** The text of a row of `/defi/v3/token/holder`. */
export function holdingJson(token: Token, holding: Holding): string {
  const uiAmount = Number(holding.raw) / 10 ** token.decimals
  return `{"amount":"${holding.raw}","decimals":${token.decimals},"mint":"${token.address}","owner":"${holding.owner}","token_account":"${holding.tokenAccount}","ui_amount":${uiAmount},"is_scaled_ui_token":false,"multiplier":null}`
}
