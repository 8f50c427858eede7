import { mintAddress, programAddress } from './addresses.js'
import { VENUES, type Venue } from './owners.js'
import { bendRise, CALM, createPath, FASHIONABLE, type PricePath, rug, scale, USUAL } from './price_path.js'
import { createRandom, type Random } from './random.js'

const HOUR_MS = 3_600_000

/** Anything that can be one side of a swap. */
export type Asset = {
  address: string
  symbol: string
  name: string
  decimals: number
  path: PricePath
  staked: boolean
}

export type Pool = { address: string; venue: Venue }

/** A traded token and what the market knows of it. */
export type Token = Asset & {
  index: number
  /** Passes the pipeline's default selection at the market's now. */
  hot: boolean
  /** Tokens in existence, in raw units. */
  supply: bigint
  liquidityUsd: number
  /** Share of the liquidity that changes hands in an hour of a flat price. */
  turnover: number
  holders: number
  listedAtMs: number
  /** From when on the liquidity is gone; Infinity if never. */
  ruggedAtMs: number
  pools: Pool[]
}

export type QuoteAssets = { wrappedSol: Asset; nativeSol: Asset; usdc: Asset; usdt: Asset; stakedSol: Asset }

export type Span = { seed: number; startMs: number; nowMs: number; hours: number }

/** SOL (both spellings of its address), two dollars and a staked SOL, with their price paths. */
export function createQuoteAssets(span: Span): QuoteAssets {
  const random = createRandom(span.seed, 1)
  const sol = createPath(random, span.startMs, span.hours, random.between(140, 190), 0.004, () => CALM)
  const dollar: PricePath = { startMs: span.startMs, hourly: new Float64Array(span.hours).fill(1) }
  const staked: PricePath = { startMs: span.startMs, hourly: sol.hourly.map((price) => price * 1.21) }
  const asset = (address: string, symbol: string, name: string, decimals: number, path: PricePath): Asset => ({
    address,
    symbol,
    name,
    decimals,
    path,
    staked: path === staked,
  })
  return {
    wrappedSol: asset('So11111111111111111111111111111111111111112', 'SOL', 'Wrapped SOL', 9, sol),
    nativeSol: asset('So11111111111111111111111111111111111111111', 'SOL', 'Solana', 9, sol),
    usdc: asset('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'USDC', 'USD Coin', 6, dollar),
    usdt: asset('Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', 'USDT', 'USDT', 6, dollar),
    stakedSol: asset('J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn', 'JitoSOL', 'Jito Staked SOL', 9, staked),
  }
}

/** `count` tokens that pass the default selection at now, and more than half as many that do not. */
export function createTokens(span: Span, count: number): Token[] {
  const all = count + Math.ceil(count * 0.7) + 4
  return Array.from({ length: all }, (_, index) => createToken(span, index, index < count))
}

function createToken(span: Span, index: number, hot: boolean): Token {
  const random = createRandom(span.seed, 2, index)
  const nowHour = (span.nowMs - span.startMs) / HOUR_MS
  const weather = (hour: number) => (hot && hour > nowHour ? FASHIONABLE : USUAL)
  const path = createPath(random, span.startMs, span.hours, 1, random.between(0.012, 0.022), weather)
  // The reasons a token is passed over: too thin, too deep, not rising, not traded.
  const failing = hot ? -1 : index % 4
  if (failing !== 2) bendRise(path, span.nowMs, Math.log(random.between(1.38, 2.4)))
  else bendRise(path, span.nowMs, random.between(-0.25, 0.2))
  const rugHour = rugHourOf(random, hot, nowHour, span.hours)
  if (rugHour !== undefined) rug(random, path, rugHour)
  const liquidityUsd = liquidityOf(random, failing)
  const { decimals, supply } = supplyOf(random)
  const marketCapUsd = liquidityUsd * random.between(1.2, 3)
  const priceNow = path.hourly[Math.floor(Math.min(nowHour, rugHour ?? nowHour) - 1)] ?? 1
  scale(path, marketCapUsd / (Number(supply) / 10 ** decimals) / priceNow)
  const symbol = nameOf(random, index)
  return {
    address: mintAddress(random),
    symbol: symbol.toUpperCase(),
    name: symbol,
    decimals,
    path,
    staked: false,
    index,
    hot,
    supply,
    liquidityUsd,
    turnover: failing === 3 ? 0.004 : random.between(0.18, 0.4),
    holders: 900 + random.integer(40_000),
    listedAtMs: span.startMs - Math.floor(random.between(1, 200)) * 24 * HOUR_MS,
    ruggedAtMs: rugHour === undefined ? Number.POSITIVE_INFINITY : span.startMs + rugHour * HOUR_MS,
    pools: Array.from({ length: 2 + random.integer(2) }, () => ({
      address: programAddress(random),
      venue: random.pick(VENUES),
    })),
  }
}

function rugHourOf(random: Random, hot: boolean, nowHour: number, hours: number): number | undefined {
  if (!random.chance(hot ? 0.08 : 0.35)) return undefined
  const from = hot ? nowHour + 24 : 200
  return from >= hours ? undefined : Math.floor(random.between(from, hours))
}

function liquidityOf(random: Random, failing: number): number {
  if (failing === 0) return random.between(40_000, 900_000)
  if (failing === 1) return random.between(3_300_000, 20_000_000)
  return random.between(1_050_000, 2_900_000)
}

/** Decimals and supply: three of four are minted close to the u64 limit of 1.8e19, so that single trades exceed 2^53. */
function supplyOf(random: Random): { decimals: number; supply: bigint } {
  const decimals = random.pick([9, 9, 6, 5])
  const raw = random.chance(0.75) ? random.between(1e19, 1.8e19) : 1e9 * 10 ** decimals
  return { decimals, supply: BigInt(Math.floor(raw)) }
}

function nameOf(random: Random, index: number): string {
  const first = ['moon', 'dog', 'cat', 'frog', 'pixel', 'turbo', 'gold', 'nano', 'lazy', 'iron']
  const second = ['wif', 'inu', 'coin', 'fi', 'ape', 'king', 'bit', 'sol']
  return `${random.pick(first)}${random.pick(second)}${index}`
}
