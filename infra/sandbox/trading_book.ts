import type { Asset, Pool, QuoteAssets, Span, Token } from './assets.js'
import { inChainOrder } from './chain_order.js'
import { STAKE_POOL } from './owners.js'
import { priceAt } from './price_path.js'
import { createRandom, type Random } from './random.js'
import { drawQuirks, flipped, type Row } from './row.js'
import { QUIRK, type Swap } from './swap.js'

/** How an order departs from a plain one. */
export type OrderOptions = {
  /** Price over the market's, as a factor; default is the cost of trading. */
  priceFactor?: number
  /** Several orders that share one transaction. */
  transaction?: number
  instruction?: number
  transferredIn?: boolean
  plain?: boolean
}

/** One wallet's orders becoming swaps. Amounts are raw units, money is USD, times are milliseconds. */
export type TradingBook = {
  owner: string
  random: Random
  nextTransaction(): number
  /** Spends about `usd`; returns what was received. */
  buy(timeMs: number, token: Token, usd: number, options?: OrderOptions): bigint
  /** Sells exactly `raw`; returns the proceeds. */
  sell(timeMs: number, token: Token, raw: bigint, options?: OrderOptions): number
  /** Gives one token for another in one swap; returns what was received. */
  exchange(timeMs: number, from: Token, raw: bigint, to: Token): bigint
  /** Turns SOL into dollars or staked SOL, which is nobody's trade. */
  convert(timeMs: number, usd: number, staked: boolean): void
  /** All swaps in the order they happened, which is also the order of (time, block, signature, index). */
  close(): Swap[]
}

/** Opens the book of one wallet; transactions are numbered from `firstTransaction`. */
export function openBook(
  span: Span,
  quotes: QuoteAssets,
  owner: string,
  number: number,
  firstTransaction: number,
): TradingBook {
  const random = createRandom(span.seed, 4, number)
  const swaps: Swap[] = []
  let transaction = firstTransaction

  const nextTransaction = () => {
    transaction += 1
    return transaction
  }
  const pickQuote = (): Asset => {
    const draw = random.next()
    if (draw < 0.62) return quotes.wrappedSol
    if (draw < 0.7) return quotes.nativeSol
    return draw < 0.93 ? quotes.usdc : quotes.usdt
  }
  const quirksOf = (timeMs: number, plain: boolean) => drawQuirks(random, span, timeMs, plain)
  const write = (timeMs: number, row: Row, pools: readonly Pool[], options: OrderOptions) => {
    const number = options.transaction ?? nextTransaction()
    const instruction = options.instruction ?? random.integer(6)
    const place = (share: Row, inner: number | null) => {
      const pool = random.pick(pools)
      swaps.push({
        owner,
        timeS: Math.floor(timeMs / 1000),
        block: 0,
        transaction: number,
        instruction,
        inner,
        pool: pool.address,
        venue: pool.venue,
        base: share.base,
        quote: share.quote,
        baseChange: share.baseChange,
        quoteChange: share.quoteChange,
        basePrice: share.basePrice,
        quotePrice: share.quotePrice,
        valueUsd: share.valueUsd,
        quirks: share.quirks,
      })
    }
    const magnitude = row.baseChange < 0n ? -row.baseChange : row.baseChange
    if (options.plain || magnitude < 1000n || !random.chance(0.08)) {
      place(row, random.chance(0.3) ? random.integer(12) : null)
      return
    }
    // A route through two pools: one transaction, one instruction, two rows.
    const percent = BigInt(30 + random.integer(40))
    const base = (row.baseChange * percent) / 100n
    const quote = (row.quoteChange * percent) / 100n
    const value = (part: bigint) => (row.valueUsd * Number(part)) / Number(row.quoteChange)
    place({ ...row, baseChange: base, quoteChange: quote, valueUsd: value(quote) }, 1)
    const rest = row.quoteChange - quote
    place({ ...row, baseChange: row.baseChange - base, quoteChange: rest, valueUsd: value(rest) }, 4)
  }
  /** The vendor's price of a leg: never quite the one that was paid. */
  const told = (price: number) => price * (1 + 0.004 * random.normal())
  const cost = () => 0.003 + 0.0015 * Math.abs(random.normal())

  return {
    owner,
    random,
    nextTransaction,
    buy(timeMs, token, usd, options = {}) {
      const quote = pickQuote()
      const quotePrice = priceAt(quote.path, timeMs)
      const quoteRaw = BigInt(Math.max(1, Math.round((usd / quotePrice) * 10 ** quote.decimals)))
      const valueUsd = (Number(quoteRaw) / 10 ** quote.decimals) * quotePrice
      const price = priceAt(token.path, timeMs) * (options.priceFactor ?? 1 + cost())
      const raw = BigInt(Math.round((valueUsd / price) * 10 ** token.decimals)) + BigInt(1 + random.integer(4096))
      const row = {
        base: token,
        quote,
        baseChange: raw,
        quoteChange: -quoteRaw,
        basePrice: told(price),
        quotePrice,
        valueUsd,
        quirks: quirksOf(timeMs, options.plain ?? false),
      }
      write(timeMs, random.chance(0.03) ? flipped(row) : row, token.pools, options)
      return raw
    },
    sell(timeMs, token, raw, options = {}) {
      const quote = pickQuote()
      const quotePrice = priceAt(quote.path, timeMs)
      const price = priceAt(token.path, timeMs) * (options.priceFactor ?? 1 - cost())
      const usd = (Number(raw) / 10 ** token.decimals) * price
      const quoteRaw = BigInt(Math.max(1, Math.round((usd / quotePrice) * 10 ** quote.decimals)))
      const valueUsd = (Number(quoteRaw) / 10 ** quote.decimals) * quotePrice
      const row = {
        base: token,
        quote,
        baseChange: -raw,
        quoteChange: quoteRaw,
        basePrice: told(price),
        quotePrice,
        valueUsd,
        quirks: quirksOf(timeMs, options.plain ?? false) | (options.transferredIn ? QUIRK.transferredIn : 0),
      }
      write(timeMs, random.chance(0.03) ? flipped(row) : row, token.pools, options)
      return valueUsd
    },
    exchange(timeMs, from, raw, to) {
      const fromPrice = priceAt(from.path, timeMs) * (1 - cost())
      const toPrice = priceAt(to.path, timeMs)
      const valueUsd = (Number(raw) / 10 ** from.decimals) * fromPrice
      const received = BigInt(Math.max(1, Math.round((valueUsd / toPrice) * 10 ** to.decimals)))
      let quirks = quirksOf(timeMs, false)
      // A few rows say nothing of their value at all.
      if (random.chance(0.03)) quirks |= 15 | QUIRK.noVolumeUsd
      write(
        timeMs,
        {
          base: to,
          quote: from,
          baseChange: received,
          quoteChange: -raw,
          basePrice: told(toPrice),
          quotePrice: told(fromPrice),
          valueUsd,
          quirks,
        },
        to.pools,
        {},
      )
      return received
    },
    convert(timeMs, usd, staked) {
      const base = staked ? quotes.stakedSol : quotes.wrappedSol
      const quote = staked ? quotes.wrappedSol : quotes.usdc
      const sign = random.chance(0.5) ? 1n : -1n
      const basePrice = priceAt(base.path, timeMs)
      const quotePrice = priceAt(quote.path, timeMs)
      const row = {
        base,
        quote,
        baseChange: sign * BigInt(Math.round((usd / basePrice) * 10 ** base.decimals)),
        quoteChange: -sign * BigInt(Math.round((usd / quotePrice) * 10 ** quote.decimals)),
        basePrice,
        quotePrice,
        valueUsd: usd,
        quirks: 0,
      }
      const venue = staked ? STAKE_POOL : { source: 'orca', program: 'whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc' }
      write(timeMs, row, [{ address: venue.program, venue }], { plain: true })
    },
    close: () => inChainOrder(span, swaps),
  }
}
