import { walletAddress } from './addresses.js'
import { type Asset, createQuoteAssets, createTokens, type QuoteAssets, type Span, type Token } from './assets.js'
import { executeBot, executeBurst, executeTrips, executeWash, sellTransferred } from './execution.js'
import { type Kind, openPosition, planHolder, planLucky, planOneHit, planRandom, planSkilled } from './plans.js'
import { hourCount } from './price_path.js'
import { createRandom, shuffle } from './random.js'
import { type Swap, type SwapItem, swapItem } from './swap.js'
import { openBook, type TradingBook } from './trading_book.js'
import { judge, type Truth } from './truth.js'

const DAY_MS = 24 * 3_600_000
/** A wallet's transactions are numbered within a range of its own. */
const TRANSACTIONS_PER_WALLET = 100_000
/** More than the API's largest page. */
const BURST = 130

/** What a market is made from; equal options make equal markets. Times in ms, `startsAt` since the epoch. */
export type MarketOptions = {
  seed: number
  /** How many tokens pass the default selection at now; the market has as many again, nearly, that do not. */
  tokens: number
  wallets: number
  /** About how many swaps there are in the whole span. */
  swaps: number
  startsAt: number
  historyDays?: number
  futureDays?: number
}

/** A market: its whole past and future. What may be seen of it at a time is the server's business. */
export type Market = {
  options: MarketOptions
  span: Span
  /** The end of the history: what a client is to rank by ends here. */
  nowMs: number
  tokens: Token[]
  quotes: QuoteAssets
  wallets: string[]
  /** By wallet, newest first, as the API lists them. */
  swaps: Map<string, Swap[]>
  isMoney(asset: Asset): boolean
  /** What somebody changed since: a token's listed price is its own times this, by address. Swaps stay what they were. */
  priceFactors: Map<string, number>
}

/** The market, and apart from it the truth by wallet address. */
export type PlantedMarket = { market: Market; truth: Map<string, Truth> }

/** Makes the market. Deterministic; 1,000 wallets with 200,000 swaps take a few seconds. */
export function createMarket(options: MarketOptions): PlantedMarket {
  const historyDays = options.historyDays ?? 100
  const spanMs = (historyDays + (options.futureDays ?? 31)) * DAY_MS
  const startMs = Math.floor(options.startsAt / 1000) * 1000
  const span: Span = { seed: options.seed, startMs, nowMs: startMs + historyDays * DAY_MS, hours: hourCount(spanMs) }
  const quotes = createQuoteAssets(span)
  const tokens = createTokens(span, options.tokens)
  const money = new Set([quotes.wrappedSol, quotes.nativeSol, quotes.usdc, quotes.usdt].map((asset) => asset.address))
  const isMoney = (asset: Asset) => money.has(asset.address)
  const kinds = plantKinds(options)
  const books = kinds.map((_, number) =>
    openBook(
      span,
      quotes,
      walletAddress(createRandom(options.seed, 3, number)),
      number,
      number * TRANSACTIONS_PER_WALLET,
    ),
  )
  const activity = options.swaps / Math.max(1, options.wallets) / 200
  const swaps = new Map<string, Swap[]>()
  const truth = new Map<string, Truth>()
  let left = options.swaps
  let bots = kinds.filter((kind) => kind === 'bot').length
  const close = (book: TradingBook, kind: Kind) => {
    const rows = book.close()
    left -= rows.length
    truth.set(book.owner, judge(span, kind, rows, isMoney))
    swaps.set(book.owner, rows.reverse())
  }
  kinds.forEach((kind, number) => {
    const book = books[number]
    if (!book || kind === 'bot') return
    trade(book, kind, span, tokens, activity)
    close(book, kind)
  })
  // Bots come last and make up what is missing to the swaps that were asked for.
  kinds.forEach((kind, number) => {
    const book = books[number]
    if (!book || kind !== 'bot') return
    const wanted = Math.max(24, Math.round(left / bots))
    bots -= 1
    const hot = tokens.filter((token) => token.hot)
    const bursts = wanted > 6 * BURST ? 2 : 0
    for (let burst = 0; burst < bursts; burst += 1) {
      executeBurst(book, book.random.pick(hot), span.nowMs - (1 + burst * 9) * DAY_MS, BURST)
    }
    executeTrips(book, span, [openPosition({ random: book.random, span, tokens, activity }, BOT_POSITION)])
    executeBot(book, span, tokens, wanted - bursts * (BURST + 1) - 2)
    close(book, kind)
  })
  const wallets = books.map((book) => book.owner)
  return {
    market: { options, span, nowMs: span.nowMs, tokens, quotes, wallets, swaps, isMoney, priceFactors: new Map() },
    truth,
  }
}

const BOT_POSITION = { holdHours: [1, 2], sizeUsd: 60, sizeSpread: 0.3 } as const

/** The kinds in their shares, shuffled: a wallet's number says nothing. */
function plantKinds(options: MarketOptions): Kind[] {
  const share = (part: number) => Math.max(1, Math.round(options.wallets * part))
  const counts: [Kind, number][] = [
    ['skilled', share(0.05)],
    ['lucky', share(0.1)],
    ['one_hit', share(0.05)],
    ['bot', share(0.08)],
    ['wash', share(0.05)],
    ['holder', share(0.12)],
  ]
  const kinds = counts.flatMap(([kind, count]) => Array<Kind>(count).fill(kind)).slice(0, options.wallets)
  while (kinds.length < options.wallets) kinds.push('random')
  return shuffle(createRandom(options.seed, 5), kinds)
}

function trade(book: TradingBook, kind: Kind, span: Span, tokens: readonly Token[], activity: number): void {
  const { random } = book
  const planner = { random, span, tokens, activity }
  const plan = { skilled: planSkilled, lucky: planLucky, one_hit: planOneHit, holder: planHolder, random: planRandom }
  if (kind === 'wash') {
    executeWash(book, span, tokens, Math.round(random.between(120, 320) * Math.min(1.5, Math.max(0.1, activity))))
    executeTrips(book, span, [openPosition(planner, BOT_POSITION)])
  } else if (kind !== 'bot') {
    executeTrips(book, span, plan[kind](planner))
  }
  const within = (margin: number) => Math.floor(random.between(span.startMs + margin, span.nowMs - margin))
  for (let conversion = random.integer(3); conversion > 0; conversion -= 1) {
    book.convert(within(DAY_MS), random.around(500, 1), random.chance(0.5))
  }
  const transfers = kind === 'skilled' ? 0.1 : kind === 'wash' ? 0 : 0.08
  if (!random.chance(transfers)) return
  const large = kind === 'random' && random.chance(0.25)
  const token = random.pick(tokens)
  sellTransferred(book, within(DAY_MS), token, large ? random.around(60_000, 0.5) : random.around(150, 0.6))
}

/** Every row visible at a time (default now), in the API's shape, wallet by wallet, newest first. No HTTP involved. */
export function* swapItems(market: Market, atMs: number = market.nowMs): Generator<SwapItem> {
  for (const swaps of market.swaps.values()) {
    for (const swap of swaps) if (swap.timeS * 1000 <= atMs) yield swapItem(market.options.seed, swap)
  }
}
