import type { Token } from './assets.js'
import { nextField, type Spelling } from './birdeye_wallets.js'
import type { FaultRule } from './faults.js'
import { changesByToken, type Holding, holdingJson, holdingsOf } from './holdings.js'
import type { Limits } from './limits.js'
import type { Market } from './market.js'
import { camelCased, spoilRows, windowOf } from './page.js'
import { type Parameters, readParameters } from './parameters.js'
import { type Reply, success } from './reply.js'
import { FRAMES, listTokens, type TokenMetrics } from './token_metrics.js'
import { type TopTrader, tradersOf } from './top_traders.js'

const HOUR_MS = 3_600_000
const TRADER_FRAMES = {
  '30m': 0.5,
  '1h': 1,
  '2h': 2,
  '4h': 4,
  '8h': 8,
  '24h': 24,
  '2d': 48,
  '7d': 168,
  '30d': 720,
  '90d': 2160,
}
const FRAME_FIELDS = Object.keys(FRAMES).flatMap((frame) => [
  `volume_${frame}_usd`,
  `volume_${frame}_change_percent`,
  `price_change_${frame}_percent`,
  `trade_${frame}_count`,
])
const PLAIN_FIELDS = ['liquidity', 'market_cap', 'fdv', 'recent_listing_time', 'last_trade_unix_time', 'holder']
const SORT_FIELDS = [...PLAIN_FIELDS, ...FRAME_FIELDS]

/** The endpoints about tokens. Lists are made once for a second of the market's clock. */
export type TokenEndpoints = {
  [name in 'list' | 'holders' | 'topTraders' | 'trending']: (
    atMs: number,
    query: URLSearchParams,
    faults: readonly FaultRule[],
  ) => Reply
}

export function createTokenEndpoints(market: Market, limits: Limits, spelling: Spelling): TokenEndpoints {
  const tokens = new Map(market.tokens.map((token) => [token.address, token]))
  const changes = changesByToken(market)
  const listed = keepForSecond<TokenMetrics[]>()
  const listing = (atMs: number) =>
    listed(JSON.stringify([...market.priceFactors]), atMs, () => listTokens(market, atMs))
  const held = keepForSecond<Holding[]>()
  const traded = keepForSecond<TopTrader[]>()
  const page = (
    count: number,
    rowAt: (index: number) => string,
    from: number,
    limit: number,
    faults: readonly FaultRule[],
    next: 'hasNext' | 'has_next',
  ) => {
    const window = windowOf(0, Math.min(from, count), limit, count, faults)
    const rows = Array.from({ length: window.to - window.from }, (_, index) => rowAt(window.from + index))
    const text = `{"items":[${spoilRows(rows, faults).join(',')}],${nextField(spelling, next, window.hasNext)}}`
    return success(spelling.camelCase ? camelCased(text) : text)
  }
  const known = (parameters: Parameters): [Token | undefined, string] => {
    const address = parameters.address()
    return [tokens.get(address), address]
  }

  return {
    list(atMs, query, faults) {
      const parameters = readParameters(query)
      const field = parameters.choice('sort_by', SORT_FIELDS)
      const sign = parameters.choice('sort_type', ['asc', 'desc']) === 'asc' ? 1 : -1
      const { offset, limit } = parameters.page(limits.tokenListLimit ?? 100, 100)
      const bounds = SORT_FIELDS.map((name) => ({
        name,
        least: parameters.optionalNumber(`min_${name}`) ?? Number.NEGATIVE_INFINITY,
        most: parameters.optionalNumber(`max_${name}`) ?? Number.POSITIVE_INFINITY,
      })).filter(({ least, most }) => least !== Number.NEGATIVE_INFINITY || most !== Number.POSITIVE_INFINITY)
      const passing = listing(atMs).filter((row) =>
        bounds.every(({ name, least, most }) => Number(row[name]) >= least && Number(row[name]) <= most),
      )
      passing.sort((left, right) => sign * (Number(left[field]) - Number(right[field])))
      return page(passing.length, (index) => JSON.stringify(passing[index]), offset, limit, faults, 'has_next')
    },
    holders(atMs, query, faults) {
      const parameters = readParameters(query)
      const [token] = known(parameters)
      const { offset, limit } = parameters.page(100, 100)
      if (token === undefined) return page(0, () => '', offset, limit, faults, 'has_next')
      const holdings = held(token.address, atMs, () =>
        holdingsOf(market, token, changes.get(token.address) ?? [], atMs),
      )
      const row = (index: number) => {
        const holding = holdings[index]
        return holding ? holdingJson(token, holding) : ''
      }
      return page(holdings.length, row, offset, limit, faults, 'has_next')
    },
    topTraders(atMs, query, faults) {
      const parameters = readParameters(query)
      const [token, address] = known(parameters)
      const frame = parameters.choice('time_frame', Object.keys(TRADER_FRAMES))
      const sign = parameters.choice('sort_type', ['asc', 'desc'], 'desc') === 'asc' ? 1 : -1
      const field = parameters.choice('sort_by', ['volume', 'trade', 'volume_usd', 'total_pnl'], 'volume')
      const { offset, limit } = parameters.page(10, 10)
      const hours = Object.entries(TRADER_FRAMES).find(([name]) => name === frame)?.[1] ?? 24
      const traders = token
        ? traded(`${address} ${frame}`, atMs, () =>
            tradersOf(token, changes.get(address) ?? [], atMs - hours * HOUR_MS, atMs),
          )
        : []
      const value = (trader: TopTrader) =>
        field === 'trade'
          ? trader.trade
          : field === 'volume'
            ? trader.volume
            : field === 'total_pnl'
              ? trader.totalPnl
              : trader.volumeUsd
      const sorted = [...traders].sort((left, right) => sign * (value(left) - value(right)))
      const row = (index: number) =>
        JSON.stringify({
          tokenAddress: address,
          ...sorted[index],
          type: frame,
          tags: [],
          isScaledUiToken: false,
          multiplier: null,
        })
      return page(sorted.length, row, offset, limit, faults, 'hasNext')
    },
    trending(atMs, query) {
      const parameters = readParameters(query)
      const sortBy = parameters.choice('sort_by', ['rank', 'volumeUSD', 'liquidity'], 'rank')
      const sign = parameters.choice('sort_type', ['asc', 'desc'], 'asc') === 'asc' ? 1 : -1
      const { offset, limit } = parameters.page(20, 20)
      const ranked = listing(atMs)
        .map((row) => row)
        .sort((left, right) => Number(right['trade_24h_count']) - Number(left['trade_24h_count']))
        .map((row, index) => trendingToken(row, index + 1))
      const key = sortBy === 'volumeUSD' ? 'volume24hUSD' : sortBy
      ranked.sort((left, right) => sign * (Number(left[key]) - Number(right[key])))
      const updateUnixTime = Math.floor(atMs / 1000)
      const tokens = ranked.slice(offset, offset + limit)
      const updateTime = new Date(updateUnixTime * 1000).toISOString().slice(0, 19)
      return success(JSON.stringify({ updateUnixTime, updateTime, tokens, total: ranked.length }))
    },
  }
}

function trendingToken(row: TokenMetrics, rank: number): TokenMetrics {
  const field = (name: string) => row[name] ?? null
  return {
    address: field('address'),
    decimals: field('decimals'),
    liquidity: field('liquidity'),
    logoURI: null,
    name: field('name'),
    symbol: field('symbol'),
    volume24hUSD: field('volume_24h_usd'),
    volume24hChangePercent: field('volume_24h_change_percent'),
    rank,
    price: field('price'),
    price24hChangePercent: field('price_change_24h_percent'),
    fdv: field('fdv'),
    marketcap: field('market_cap'),
  }
}

/** Keeps what was made for the current second of the clock, by key. */
function keepForSecond<T>(): (key: string, atMs: number, make: () => T) => T {
  let second = Number.NaN
  const kept = new Map<string, T>()
  return (key, atMs, make) => {
    if (Math.floor(atMs / 1000) !== second) kept.clear()
    second = Math.floor(atMs / 1000)
    const value = kept.get(key) ?? make()
    kept.set(key, value)
    return value
  }
}
