import type { Span, Token } from './assets.js'
import { priceAt } from './price_path.js'
import type { TradingBook } from './trading_book.js'
import type { Trip } from './trip.js'

const HOUR_MS = 3_600_000

/** Carries planned positions out: several buys and sells each, some paid with the token of the position before. */
export function executeTrips(book: TradingBook, span: Span, trips: readonly Trip[]): void {
  const { random } = book
  const endMs = span.startMs + (span.hours - 2) * HOUR_MS
  const ordered = [...trips].sort((left, right) => left.entryMs - right.entryMs)
  let carried: bigint | undefined
  ordered.forEach((trip, index) => {
    const next = ordered[index + 1]
    let held = carried ?? buyIn(book, trip)
    carried = undefined
    if (trip.exitMs >= endMs) return
    if (next && canFund(trip, next) && random.chance(0.5)) {
      carried = book.exchange(next.entryMs, trip.token, held, next.token)
      return
    }
    const parts = random.chance(0.4) ? 2 + random.integer(2) : 1
    const span = Math.min(2 * HOUR_MS, (trip.exitMs - trip.entryMs) / 3)
    for (let part = parts; part > 1; part -= 1) {
      const sold = (held * BigInt(30 + random.integer(40))) / 100n
      if (sold < 1000n) break
      book.sell(Math.floor(trip.exitMs - (span * (part - 1)) / parts), trip.token, sold)
      held -= sold
    }
    book.sell(trip.exitMs, trip.token, held)
  })
}

function buyIn(book: TradingBook, trip: Trip): bigint {
  const { random } = book
  const parts = random.chance(0.35) ? 2 + random.integer(2) : 1
  const window = Math.min(HOUR_MS / 2, (trip.exitMs - trip.entryMs) / 4)
  const options = trip.priceFactor === undefined ? {} : { priceFactor: trip.priceFactor }
  let held = 0n
  for (let part = 0; part < parts; part += 1) {
    held += book.buy(Math.floor(trip.entryMs + (window * part) / parts), trip.token, trip.usd / parts, options)
  }
  return held
}

/** A position can pay for the next one when it was about to be sold anyway. */
function canFund(trip: Trip, next: Trip): boolean {
  const planned = Math.abs(next.entryMs - trip.exitMs) < 5 * HOUR_MS
  return (
    planned &&
    !trip.kept &&
    next.entryMs > trip.entryMs + HOUR_MS &&
    next.token !== trip.token &&
    next.priceFactor === undefined
  )
}

/** Sells tokens that were never bought: they came by transfer. `usd` is their worth. */
export function sellTransferred(book: TradingBook, timeMs: number, token: Token, usd: number): void {
  const raw = BigInt(Math.round((usd / priceAt(token.path, timeMs)) * 10 ** token.decimals)) + 1n
  book.sell(timeMs, token, raw, { transferredIn: true, plain: true })
}

/** A bot's scalps until it made `swaps` swaps: in and out within seconds, tiny sizes, many a day on the days it runs. */
export function executeBot(book: TradingBook, span: Span, tokens: readonly Token[], swaps: number): void {
  const { random } = book
  const sizeUsd = random.around(90, 0.5)
  const hitRate = random.between(0.6, 0.85)
  const endMs = span.startMs + (span.hours - 2) * HOUR_MS
  const sessions = Math.max(2, Math.ceil(swaps / 160))
  let left = swaps
  for (let session = 0; session < sessions && left > 0; session += 1) {
    const share = session === sessions - 1 ? left : Math.min(left, Math.ceil(swaps / sessions))
    // The last session but one ends at now, so that the bot is among the top traders of the day.
    const from = session === 0 ? span.nowMs - 6 * HOUR_MS : random.between(span.startMs, endMs - 12 * HOUR_MS)
    left -= share
    runSession(book, random.pick(tokens.filter((token) => token.hot)), from, share, sizeUsd, hitRate)
  }
}

function runSession(
  book: TradingBook,
  token: Token,
  from: number,
  swaps: number,
  sizeUsd: number,
  hitRate: number,
): void {
  const { random } = book
  let time = Math.floor(from)
  for (let done = 0; done + 1 < swaps; done += 2) {
    const usd = random.around(sizeUsd, 0.5)
    const raw = book.buy(time, token, usd, { plain: true, priceFactor: 1 })
    time += 2000 + random.integer(45_000)
    const factor = random.chance(hitRate) ? 1 + random.between(0.001, 0.012) : 1 - random.between(0.002, 0.03)
    book.sell(time, token, raw, { plain: true, priceFactor: factor })
    time += 3000 + random.integer(90_000)
  }
  if (swaps % 2 === 1) book.buy(time, token, sizeUsd, { plain: true })
}

/** More trades in one second than a page holds, then all sold at once. Makes `count` + 1 swaps. */
export function executeBurst(book: TradingBook, token: Token, timeMs: number, count: number): void {
  let held = 0n
  for (let order = 0; order < count; order += 1) held += book.buy(timeMs, token, 15 + (order % 7), { plain: true })
  book.sell(timeMs + 30_000, token, held, { plain: true })
}

/** Trades with itself: the same token in and out in one transaction, in one pool, and now and then a gain made up. */
export function executeWash(book: TradingBook, span: Span, tokens: readonly Token[], swaps: number): void {
  const { random } = book
  const endMs = span.startMs + (span.hours - 12) * HOUR_MS
  const pool = tokens.filter((token) => token.hot)
  const own = [random.pick(pool), random.pick(pool)].map((token) => ({ ...token, pools: token.pools.slice(0, 1) }))
  const sizeUsd = random.around(2_500, 0.5)
  for (let done = 0; done + 3 < swaps; done += 4) {
    const token = random.pick(own)
    const time = Math.floor(random.between(span.startMs + HOUR_MS, endMs))
    const transaction = book.nextTransaction()
    const usd = random.around(sizeUsd, 0.3)
    const raw = book.buy(time, token, usd, { plain: true, priceFactor: 1, transaction, instruction: 1 })
    book.sell(time, token, raw, { plain: true, priceFactor: 0.9995, transaction, instruction: 2 })
    const other = time + HOUR_MS * (1 + random.integer(6))
    const again = book.nextTransaction()
    const bought = book.buy(other, token, usd, { plain: true, priceFactor: 0.97, transaction: again, instruction: 1 })
    book.sell(other, token, bought, { plain: true, priceFactor: 1.02, transaction: again, instruction: 2 })
  }
}
