import type { Span, Token } from './assets.js'
import { priceAt } from './price_path.js'
import type { Random } from './random.js'

const HOUR_MS = 3_600_000

/** One position: bought at one time, sold at another. */
export type Trip = {
  token: Token
  entryMs: number
  exitMs: number
  usd: number
  gain: number
  priceFactor?: number
  /** Must be held until its exit. */
  kept?: boolean
}

/** How a trader trades. */
export type Style = {
  holdHours: readonly [number, number]
  sizeUsd: number
  sizeSpread: number
  /** Share of entries that turn out to rise; undefined for a trader who cannot know. */
  hitRate?: number
  /** Sells when the price fell by this share. */
  stopLoss?: number
  /** Sells winners at this gain and waits up to `patience` times as long with losers. */
  takeProfit?: number
  patience?: number
}

/** The cost of buying and selling once, as a share. */
const ROUND_TRIP_COST = 0.009
/** A skilled trader's single gains stay ordinary: what sets them apart is how often they come. */
const LARGEST_SKILLED_GAIN = 0.7

/** Draws one position that begins within the bounds (ms). */
export function drawTrip(
  random: Random,
  span: Span,
  tokens: readonly Token[],
  style: Style,
  bounds: readonly [number, number],
): Trip {
  const wantsRise = style.hitRate === undefined ? undefined : random.chance(style.hitRate)
  const usd = Math.max(20, random.around(style.sizeUsd, style.sizeSpread))
  for (let attempt = 0; ; attempt += 1) {
    const token = random.pick(tokens)
    const entryMs = Math.floor(random.between(...bounds))
    const [shortest, longest] = style.holdHours
    const holdMs = HOUR_MS * Math.exp(random.between(Math.log(shortest), Math.log(longest)))
    const exitMs = leave(span, token, entryMs, holdMs, style)
    const gain = priceAt(token.path, exitMs) / priceAt(token.path, entryMs) - 1 - ROUND_TRIP_COST
    const trip = { token, entryMs, exitMs, usd, gain }
    if (wantsRise === undefined || attempt === 80) return trip
    if (entryMs > token.ruggedAtMs) continue
    if (wantsRise ? gain > 0.015 && gain < LARGEST_SKILLED_GAIN : gain < -0.01) return trip
  }
}

function leave(span: Span, token: Token, entryMs: number, holdMs: number, style: Style): number {
  const last = span.startMs + span.hours * HOUR_MS
  const planned = entryMs + Math.max(120_000, holdMs)
  if (style.stopLoss === undefined && style.takeProfit === undefined) return Math.floor(planned)
  const entry = priceAt(token.path, entryMs)
  const latest = Math.min(last, entryMs + holdMs * (style.patience ?? 1))
  for (let time = entryMs + HOUR_MS; time < latest; time += HOUR_MS) {
    const gain = priceAt(token.path, time) / entry - 1
    if (style.stopLoss !== undefined && gain < -style.stopLoss) return Math.floor(time)
    if (style.takeProfit !== undefined && gain > style.takeProfit) return Math.floor(time)
  }
  return Math.floor(Math.max(latest, entryMs + 120_000))
}

/** Whether a position would overlap another in the same token, an hour's margin included. */
export function overlaps(trips: readonly Trip[], trip: Trip): boolean {
  return trips.some(
    (other) =>
      other.token === trip.token &&
      trip.entryMs < other.exitMs + 2 * HOUR_MS &&
      other.entryMs < trip.exitMs + 2 * HOUR_MS,
  )
}
