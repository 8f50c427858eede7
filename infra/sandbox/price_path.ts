import type { Random } from './random.js'

const HOUR_MS = 3_600_000

/** A price in USD at every full hour from `startMs` on; straight lines between. */
export type PricePath = { startMs: number; hourly: Float64Array }

/** What moves a path day by day: how often it jumps up or down within a day, and by how much in log units. */
export type Weather = {
  pumpProbability: number
  pump: readonly [number, number]
  dumpProbability: number
  dump: readonly [number, number]
}

/** A meme token on ordinary days. Up and down days balance in the arithmetic mean, so that buying at random earns nothing. */
export const USUAL: Weather = { pumpProbability: 0.08, pump: [0.25, 0.5], dumpProbability: 0.135, dump: [0.15, 0.45] }
/** A token in fashion: on a given day about one in five has risen 30 % in 24 hours, so a selection finds some every day. */
export const FASHIONABLE: Weather = { pumpProbability: 0.3, pump: [0.35, 0.6], dumpProbability: 0.5, dump: [0.3, 0.6] }
/** A large coin. */
export const CALM: Weather = { pumpProbability: 0.03, pump: [0.04, 0.1], dumpProbability: 0.03, dump: [0.04, 0.1] }

/** Hours a path has: the span and one more, so that the last instant can be read. */
export function hourCount(spanMs: number): number {
  return Math.ceil(spanMs / HOUR_MS) + 2
}

/** A path of log returns: a drift for each day by the weather, noise for each hour. */
export function createPath(
  random: Random,
  startMs: number,
  hours: number,
  first: number,
  noise: number,
  weather: (hour: number) => Weather,
): PricePath {
  const hourly = new Float64Array(hours)
  let log = Math.log(first)
  let drift = 0
  let left = 0
  for (let hour = 0; hour < hours; hour += 1) {
    hourly[hour] = Math.exp(log)
    if (left === 0) {
      left = 18 + random.integer(13)
      drift = dayMove(random, weather(hour)) / left
    }
    left -= 1
    log += drift - (noise * noise) / 2 + noise * random.normal()
  }
  return { startMs, hourly }
}

function dayMove(random: Random, weather: Weather): number {
  const draw = random.next()
  if (draw < weather.pumpProbability) return random.between(...weather.pump)
  if (draw < weather.pumpProbability + weather.dumpProbability) return -random.between(...weather.dump)
  return random.between(-0.08, 0.08)
}

/** Bends a path so that it rises by `log` over the 24 hours before `atMs`, and goes on from there. */
export function bendRise(path: PricePath, atMs: number, log: number): void {
  const end = (atMs - path.startMs) / HOUR_MS
  const correction = log - Math.log(priceAt(path, atMs) / priceAt(path, atMs - 24 * HOUR_MS))
  for (let hour = 0; hour < path.hourly.length; hour += 1) {
    const share = Math.min(1, Math.max(0, (hour - (end - 24)) / 24))
    path.hourly[hour] = hourPrice(path, hour) * Math.exp(correction * share)
  }
}

/** Lets the price fall to a few per cent at one hour and stay there: the liquidity was pulled. */
export function rug(random: Random, path: PricePath, atHour: number): void {
  const rest = random.between(0.02, 0.08)
  for (let hour = Math.max(0, atHour); hour < path.hourly.length; hour += 1) {
    path.hourly[hour] = hourPrice(path, atHour - 1) * rest * Math.exp(-0.002 * (hour - atHour))
  }
}

/** Scales the whole path. */
export function scale(path: PricePath, factor: number): void {
  for (let hour = 0; hour < path.hourly.length; hour += 1) path.hourly[hour] = hourPrice(path, hour) * factor
}

function hourPrice(path: PricePath, hour: number): number {
  return path.hourly[Math.min(Math.max(hour, 0), path.hourly.length - 1)] ?? 0
}

/** The price at an instant, in USD; before the path its first price, behind it its last. */
export function priceAt(path: PricePath, timeMs: number): number {
  const position = (timeMs - path.startMs) / HOUR_MS
  const hour = Math.floor(position)
  const from = hourPrice(path, hour)
  return from + (hourPrice(path, hour + 1) - from) * Math.min(1, Math.max(0, position - hour))
}
