import type { Token } from './assets.js'
import type { TokenChange } from './holdings.js'
import { priceAt } from './price_path.js'

/** A row of `/defi/v2/tokens/top_traders`; volumes in token units. */
export type TopTrader = {
  owner: string
  volume: number
  trade: number
  tradeBuy: number
  tradeSell: number
  volumeBuy: number
  volumeSell: number
  volumeUsd: number
  totalPnl: number
}

/** What every owner traded of a token in (fromMs, atMs], in no order. */
export function tradersOf(token: Token, changes: readonly TokenChange[], fromMs: number, atMs: number): TopTrader[] {
  const traders = new Map<string, TopTrader>()
  const price = priceAt(token.path, atMs)
  for (const { swap, raw } of changes) {
    if (swap.timeS * 1000 > atMs) break
    if (swap.timeS * 1000 <= fromMs) continue
    const trader = traders.get(swap.owner) ?? empty(swap.owner)
    traders.set(swap.owner, trader)
    const amount = Math.abs(Number(raw)) / 10 ** token.decimals
    trader.volume += amount
    trader.volumeUsd += swap.valueUsd
    trader.trade += 1
    trader.totalPnl += amount * price * (raw > 0n ? 1 : -1) - swap.valueUsd * (raw > 0n ? 1 : -1)
    if (raw > 0n) {
      trader.tradeBuy += 1
      trader.volumeBuy += amount
    } else {
      trader.tradeSell += 1
      trader.volumeSell += amount
    }
  }
  return [...traders.values()]
}

function empty(owner: string): TopTrader {
  return {
    owner,
    volume: 0,
    trade: 0,
    tradeBuy: 0,
    tradeSell: 0,
    volumeBuy: 0,
    volumeSell: 0,
    volumeUsd: 0,
    totalPnl: 0,
  }
}
