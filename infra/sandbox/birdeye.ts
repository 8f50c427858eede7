import { createTokenEndpoints } from './birdeye_tokens.js'
import { gainersLosers, type Spelling, seekByTime } from './birdeye_wallets.js'
import type { FaultRule } from './faults.js'
import type { Limits, Meter } from './limits.js'
import type { Market } from './market.js'
import { readParameters } from './parameters.js'
import { priceAt } from './price_path.js'
import { type Reply, refusal, success } from './reply.js'
import { createWalletRows } from './wallet_rows.js'

const STEPS_S: { [type: string]: number } = {
  '1m': 60,
  '3m': 180,
  '5m': 300,
  '15m': 900,
  '30m': 1800,
  '1H': 3600,
  '2H': 7200,
  '4H': 14_400,
  '6H': 21_600,
  '8H': 28_800,
  '12H': 43_200,
  '1D': 86_400,
  '3D': 259_200,
  '1W': 604_800,
  '1M': 2_592_000,
}
const MOST_PRICES = 1000

/** Answers a BirdEye path; `atMs` is the market's clock, nothing after it is seen. */
export type Birdeye = (path: string, query: URLSearchParams, atMs: number, faults: readonly FaultRule[]) => Reply

/** The BirdEye endpoints over a market. */
export function createBirdeye(market: Market, limits: Limits, meter: Meter, spelling: Spelling): Birdeye {
  const tokens = createTokenEndpoints(market, limits, spelling)
  const rows = createWalletRows(market)
  return (path, query, atMs, faults) => {
    switch (path) {
      case '/defi/v3/token/list':
        return tokens.list(atMs, query, faults)
      case '/defi/v3/token/holder':
        return tokens.holders(atMs, query, faults)
      case '/defi/v2/tokens/top_traders':
        return tokens.topTraders(atMs, query, faults)
      case '/defi/token_trending':
        return tokens.trending(atMs, query, faults)
      case '/trader/txs/seek_by_time':
        return seekByTime(market, rows, atMs, query, faults, spelling)
      case '/trader/gainers-losers':
        return gainersLosers(market, atMs, query)
      case '/defi/history_price':
        return historyPrice(market, atMs, query)
      case '/defi/token_security':
        return tokenSecurity(market, query)
      case '/utils/v1/credits':
        return credits(limits, meter)
      default:
        return refusal(404, `Cannot GET ${path}`)
    }
  }
}

function historyPrice(market: Market, atMs: number, query: URLSearchParams): Reply {
  const parameters = readParameters(query)
  const address = parameters.address()
  parameters.choice('address_type', ['token', 'pair'], 'token')
  const step = STEPS_S[parameters.choice('type', Object.keys(STEPS_S), '15m')] ?? 900
  const from = parameters.integer('time_from', [0, 10_000_000_000], 0)
  const to = Math.min(parameters.integer('time_to', [0, 10_000_000_000], 0), Math.floor(atMs / 1000))
  const assets = [...market.tokens, ...Object.values(market.quotes)]
  const asset = assets.find((candidate) => candidate.address === address)
  const items: { unixTime: number; value: number }[] = []
  for (let time = Math.ceil(from / step) * step; asset && time <= to && items.length < MOST_PRICES; time += step) {
    items.push({ unixTime: time, value: priceAt(asset.path, time * 1000) })
  }
  return success(JSON.stringify({ items }))
}

function tokenSecurity(market: Market, query: URLSearchParams): Reply {
  const address = readParameters(query).address()
  const token = market.tokens.find((candidate) => candidate.address === address)
  return success(
    JSON.stringify({
      creatorAddress: null,
      ownerAddress: null,
      creationTime: token ? Math.floor(token.listedAtMs / 1000) : null,
      mintTime: token ? Math.floor(token.listedAtMs / 1000) : null,
      top10HolderPercent: token ? 0.18 : null,
      totalSupply: token ? Number(token.supply) / 10 ** token.decimals : null,
      mutableMetadata: true,
      freezeable: null,
      freezeAuthority: null,
      transferFeeEnable: null,
      isToken2022: false,
      nonTransferable: null,
      jupStrictList: token ? token.index % 9 === 0 : false,
    }),
  )
}

function credits(limits: Limits, meter: Meter): Reply {
  const used = meter.usedUnits()
  const sums = (api: number) => ({ api, ws: 0, total: api })
  return success(
    JSON.stringify({
      usage: sums(used),
      remaining: sums(Math.max(0, (limits.computeUnits ?? 1e9) - used)),
      overage_usage: sums(0),
      overage_cost: sums(0),
    }),
  )
}
