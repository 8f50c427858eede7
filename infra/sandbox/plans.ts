import type { Span, Token } from './assets.js'
import { priceAt } from './price_path.js'
import type { Random } from './random.js'
import { drawTrip, overlaps, type Style, type Trip } from './trip.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What a wallet was planted as. */
export type Kind = 'skilled' | 'lucky' | 'one_hit' | 'bot' | 'wash' | 'holder' | 'random'

/** What a plan is drawn from. `activity` scales how much is traded: 1 at 200 swaps a wallet on average. */
export type Planner = { random: Random; span: Span; tokens: readonly Token[]; activity: number }

/** No position begins in the span's last hours. */
const LAST_ENTRY_HOURS = 5

function wholeSpan(span: Span): [number, number] {
  return [span.startMs + HOUR_MS, span.startMs + (span.hours - LAST_ENTRY_HOURS) * HOUR_MS]
}

function drawTrips(planner: Planner, count: number, style: Style, bounds: readonly [number, number]): Trip[] {
  const trips: Trip[] = []
  for (let attempt = 0; trips.length < count && attempt < count * 4; attempt += 1) {
    const trip = drawTrip(planner.random, planner.span, planner.tokens, style, bounds)
    if (!overlaps(trips, trip)) trips.push(trip)
  }
  return trips
}

/** A position in a token of the selection that is open at now, so that the wallet is among that token's holders. */
export function openPosition(planner: Planner, style: Style): Trip {
  const { random, span } = planner
  const hot = planner.tokens.filter((token) => token.hot)
  const trip = drawTrip(random, span, hot, { ...style, holdHours: [1, 2] }, [
    span.nowMs - 20 * HOUR_MS,
    span.nowMs - HOUR_MS,
  ])
  return { ...trip, kept: true, exitMs: span.nowMs + Math.floor(random.between(3, 60) * HOUR_MS) }
}

function withOpenPosition(planner: Planner, trips: Trip[], style: Style): Trip[] {
  const open = openPosition(planner, style)
  return [...trips.filter((trip) => !overlaps([open], trip)), open]
}

/** Modest sizes, many tokens, a steady share of right entries, losses cut: the edge holds in the past and in the future. */
export function planSkilled(planner: Planner): Trip[] {
  const { random, span, activity } = planner
  const style: Style = {
    holdHours: [4, 40],
    sizeUsd: random.around(900, 0.4),
    sizeSpread: 0.45,
    hitRate: random.between(0.63, 0.72),
    stopLoss: random.between(0.08, 0.13),
  }
  const count = Math.round(random.between(95, 150) * Math.min(1.3, Math.max(0.04, activity * 2)))
  return withOpenPosition(planner, drawTrips(planner, count, style, wholeSpan(span)), style)
}

/** Zero edge. One in four sells winners early and keeps losers, which looks like a high win rate. */
function randomStyle(random: Random): Style {
  const style: Style = {
    holdHours: [2, 60],
    sizeUsd: Math.min(40_000, random.around(700, 1.3)),
    sizeSpread: random.between(0.4, 1),
  }
  if (random.chance(0.25)) return { ...style, takeProfit: random.between(0.04, 0.1), patience: 5 }
  return style
}

export function planRandom(planner: Planner): Trip[] {
  const { random, span, activity } = planner
  const style = randomStyle(random)
  const usual = random.chance(0.12) ? random.between(2, 9) : random.around(34, 0.6)
  const count = Math.max(2, Math.round(usual * Math.min(1.5, Math.max(0.05, activity))))
  return withOpenPosition(planner, drawTrips(planner, count, style, wholeSpan(span)), style)
}

/** Zero edge, chosen afterwards: the best of many histories nobody can tell from skill by its sums alone. */
export function planLucky(planner: Planner): Trip[] {
  const { random, span, activity } = planner
  const style: Style = { holdHours: [6, 70], sizeUsd: random.around(3_500, 0.6), sizeSpread: 0.9 }
  const count = Math.max(3, Math.round(random.between(14, 30) * Math.min(1.5, Math.max(0.1, activity))))
  const past: [number, number] = [span.startMs + HOUR_MS, span.nowMs - 4 * DAY_MS]
  let best: Trip[] = []
  let bestGain = Number.NEGATIVE_INFINITY
  for (let life = 0; life < 25; life += 1) {
    const trips = drawTrips(planner, count, style, past)
    const gain = trips.reduce((sum, trip) => sum + trip.gain * trip.usd, 0)
    if (gain > bestGain) {
      best = trips
      bestGain = gain
    }
  }
  const later = drawTrips(planner, Math.ceil(count / 3), style, [span.nowMs + 4 * DAY_MS, wholeSpan(span)[1]])
  return withOpenPosition(planner, [...best, ...later], style)
}

/** An ordinary trader with one giant gain: in at the launch price, out at the market's. */
export function planOneHit(planner: Planner): Trip[] {
  const { random, span, activity } = planner
  const style: Style = { holdHours: [2, 60], sizeUsd: random.around(400, 0.5), sizeSpread: 0.5 }
  const count = Math.max(3, Math.round(random.between(10, 28) * Math.min(1.5, Math.max(0.1, activity))))
  const bounds: [number, number] = [span.startMs + 20 * DAY_MS, span.nowMs - 3 * DAY_MS]
  const hit = drawTrip(random, span, planner.tokens, { ...style, sizeUsd: 4_000 }, bounds)
  const trips = drawTrips(planner, count, style, wholeSpan(span)).filter((trip) => !overlaps([hit], trip))
  return withOpenPosition(planner, [...trips, { ...hit, priceFactor: random.between(0.04, 0.12) }], style)
}

/** Buys early and keeps: nearly all of the gain is on paper. */
export function planHolder(planner: Planner): Trip[] {
  const { random, span } = planner
  const count = 4 + random.integer(8)
  const never = span.startMs + span.hours * HOUR_MS + DAY_MS
  const style: Style = { holdHours: [2, 60], sizeUsd: random.around(2_500, 0.8), sizeSpread: 0.6 }
  const trips: Trip[] = []
  for (let position = 0; position < count; position += 1) {
    const choices = Array.from({ length: 3 }, () =>
      drawTrip(random, span, planner.tokens, style, [span.startMs + HOUR_MS, span.nowMs - 20 * DAY_MS]),
    )
    const growth = (trip: Trip) => priceAt(trip.token.path, span.nowMs) / priceAt(trip.token.path, trip.entryMs)
    choices.sort((left, right) => growth(right) - growth(left))
    const best = choices[0]
    const kept = best && { ...best, exitMs: random.chance(0.85) ? never : best.exitMs }
    if (kept && !overlaps(trips, kept)) trips.push(kept)
  }
  return withOpenPosition(planner, trips, style)
}
