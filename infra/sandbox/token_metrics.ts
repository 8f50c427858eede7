import type { Asset, QuoteAssets, Token } from './assets.js'
import type { Market } from './market.js'
import { priceAt } from './price_path.js'
import { mixSeed } from './random.js'

const HOUR_MS = 3_600_000

/** The frames of the vendor's metrics and their hours. */
export const FRAMES = { '1h': 1, '2h': 2, '4h': 4, '8h': 8, '24h': 24, '7d': 168, '30d': 720 } as const

/** A row of `/defi/v3/token/list`: fixed fields, and per frame volume, trades and price change. */
export type TokenMetrics = { [field: string]: string | number | null | { [field: string]: string | null } }

/** Every token as listed at a time (ms). */
export function listTokens(market: Market, atMs: number): TokenMetrics[] {
  return [
    ...market.tokens
      .filter((token) => token.listedAtMs <= atMs)
      .map((token) => tokenMetrics(token, atMs, market.priceFactors.get(token.address) ?? 1)),
    ...coins(market.quotes).map((coin) => coinMetrics(coin, atMs)),
  ]
}

function coins(quotes: QuoteAssets): Asset[] {
  return [quotes.wrappedSol, quotes.usdc, quotes.usdt, quotes.stakedSol]
}

/** Liquidity at a time: what is in the pools, or what a rug left of it. */
export function liquidityUsd(token: Token, atMs: number): number {
  if (atMs >= token.ruggedAtMs) return token.liquidityUsd * 0.004
  return token.liquidityUsd * (1 + 0.02 * unit(token.index, Math.floor(atMs / HOUR_MS), 1))
}

function tokenMetrics(token: Token, atMs: number, priceFactor: number): TokenMetrics {
  const price = priceAt(token.path, atMs) * priceFactor
  const marketCap = (Number(token.supply) / 10 ** token.decimals) * price
  return row(token, atMs, {
    price,
    market_cap: marketCap,
    fdv: marketCap,
    liquidity: liquidityUsd(token, atMs),
    holder: token.holders,
    recent_listing_time: Math.floor(token.listedAtMs / 1000),
    volume: (hours) => volumeUsd(token, atMs, hours),
  })
}

function coinMetrics(coin: Asset, atMs: number): TokenMetrics {
  return row(coin, atMs, {
    price: priceAt(coin.path, atMs),
    market_cap: 9e10,
    fdv: 9e10,
    liquidity: 4e8,
    holder: 2_000_000,
    recent_listing_time: 1_584_000_000,
    volume: (hours) => 2.5e7 * hours,
  })
}

type Facts = {
  price: number
  market_cap: number
  fdv: number
  liquidity: number
  holder: number
  recent_listing_time: number
  volume(hours: number): number
}

function row(asset: Asset, atMs: number, { volume, ...facts }: Facts): TokenMetrics {
  const metrics: TokenMetrics = {
    address: asset.address,
    name: asset.name,
    symbol: asset.symbol,
    decimals: asset.decimals,
    logo_uri: null,
    extensions: { website: null, twitter: null },
    ...facts,
    last_trade_unix_time: Math.floor(atMs / 1000) - (mixSeed(asset.decimals, Math.floor(atMs / 1000)) % 40),
  }
  for (const [frame, hours] of Object.entries(FRAMES)) {
    const volumeNow = volume(hours)
    const before = priceAt(asset.path, atMs - hours * HOUR_MS)
    metrics[`volume_${frame}_usd`] = volumeNow
    metrics[`volume_${frame}_change_percent`] = 40 * unit(asset.decimals, Math.floor(atMs / HOUR_MS), hours)
    metrics[`price_change_${frame}_percent`] = (facts.price / before - 1) * 100
    metrics[`trade_${frame}_count`] = Math.max(1, Math.round(volumeNow / 180))
  }
  return metrics
}

/** Volume of the last hours: a share of the liquidity, more when the price moves. Rugged tokens do not trade. */
function volumeUsd(token: Token, atMs: number, hours: number): number {
  let usd = 0
  for (let hour = 0; hour < hours; hour += 1) {
    const time = atMs - hour * HOUR_MS
    if (time < token.listedAtMs || time >= token.ruggedAtMs) continue
    const move = Math.abs(Math.log(priceAt(token.path, time) / priceAt(token.path, time - 24 * HOUR_MS)))
    const noise = 1 + 0.3 * unit(token.index, Math.floor(time / HOUR_MS), 2)
    usd += token.liquidityUsd * token.turnover * (0.4 + 2 * move) * noise
  }
  return usd
}

/** A number in [-1, 1) that depends on nothing but its arguments. */
function unit(...words: number[]): number {
  return mixSeed(...words) / 2147483648 - 1
}
