import type { Asset, Span } from './assets.js'
import type { Kind } from './plans.js'
import { priceAt } from './price_path.js'
import { QUIRK, type Swap } from './swap.js'

/** What nobody outside the process may know of a wallet. */
export type Truth = {
  kind: Kind
  /** Return on capital over the 30 days after now: realized and marked to market, over what was held at now plus the most put in. */
  futureReturn: number
  /** The same in USD. */
  futureProfitUsd: number
}

const FUTURE_MS = 30 * 24 * 3_600_000

/** Judges one wallet's swaps (oldest first). Tokens that came by transfer count as capital put in when they are sold. */
export function judge(span: Span, kind: Kind, swaps: readonly Swap[], isMoney: (asset: Asset) => boolean): Truth {
  const held = new Map<string, { asset: Asset; raw: bigint }>()
  const nowS = span.nowMs / 1000
  const endS = nowS + FUTURE_MS / 1000
  let markAtNow = 0
  let marked = false
  let putIn = 0
  let mostPutIn = 0
  const worth = (timeMs: number) => {
    let usd = 0
    for (const { asset, raw } of held.values())
      usd += (Number(raw) / 10 ** asset.decimals) * priceAt(asset.path, timeMs)
    return usd
  }
  for (const swap of swaps) {
    if (swap.timeS > nowS && !marked) {
      markAtNow = worth(span.nowMs)
      marked = true
    }
    if (swap.timeS > endS) break
    let money = 0
    for (const [asset, change] of [
      [swap.base, swap.baseChange],
      [swap.quote, swap.quoteChange],
    ] as const) {
      if (asset.staked) continue
      if (isMoney(asset)) money += change > 0n ? -swap.valueUsd : swap.valueUsd
      else if (!(swap.quirks & QUIRK.transferredIn))
        held.set(asset.address, { asset, raw: (held.get(asset.address)?.raw ?? 0n) + change })
    }
    if (!marked || swap.quirks & QUIRK.transferredIn || swap.base.staked || (isMoney(swap.base) && isMoney(swap.quote)))
      continue
    putIn += money
    mostPutIn = Math.max(mostPutIn, putIn)
  }
  if (!marked) markAtNow = worth(span.nowMs)
  const futureProfitUsd = worth(span.nowMs + FUTURE_MS) - markAtNow - putIn
  const capital = markAtNow + mostPutIn
  return { kind, futureReturn: capital > 0 ? futureProfitUsd / capital : 0, futureProfitUsd }
}
