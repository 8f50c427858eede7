import type { Span } from './assets.js'
import type { Random } from './random.js'
import { QUIRK, type Swap } from './swap.js'

/** Rows older than this before now may lack fields that the vendor added later. */
const OLD_ROW_MS = 60 * 24 * 3_600_000

/** What a swap is about, before it has a place in the chain. */
export type Row = Pick<
  Swap,
  'base' | 'quote' | 'baseChange' | 'quoteChange' | 'basePrice' | 'quotePrice' | 'valueUsd' | 'quirks'
>

/** The oddities of a row; `plain` ones keep their index, because their order within the transaction matters. */
export function drawQuirks(random: Random, span: Span, timeMs: number, plain: boolean): number {
  let quirks = 0
  if (random.chance(0.03)) quirks |= QUIRK.basePriceNull | (random.chance(0.2) ? QUIRK.baseNearestNull : 0)
  if (random.chance(0.005)) quirks |= QUIRK.quotePriceNull
  if (timeMs < span.nowMs - OLD_ROW_MS) {
    if (random.chance(0.3)) quirks |= QUIRK.noVolumeUsd
    if (!plain && random.chance(0.1)) quirks |= QUIRK.noInstruction
  }
  return quirks
}

/** The same row told the other way round: the token as quote, the money as base. */
export function flipped(row: Row): Row {
  const nulls = ((row.quirks & 3) << 2) | ((row.quirks >> 2) & 3)
  return {
    base: row.quote,
    quote: row.base,
    baseChange: row.quoteChange,
    quoteChange: row.baseChange,
    basePrice: row.quotePrice,
    quotePrice: row.basePrice,
    valueUsd: row.valueUsd,
    quirks: (row.quirks & ~15) | nulls,
  }
}
