import type { FaultRule } from './faults.js'
import type { Market } from './market.js'
import { camelCased, spoilRows, touchesRows, windowOf } from './page.js'
import { readParameters } from './parameters.js'
import { Refused, type Reply, refusal, success } from './reply.js'
import type { Swap } from './swap.js'
import type { WalletRows } from './wallet_rows.js'

const DAY_S = 86_400
const WEEK = { today: 1, yesterday: 1, '1W': 7, '30d': 30, '90d': 90 } as const

/** Names of fields as the vendor may spell them. */
export type Spelling = { camelCase: boolean; nextField?: 'hasNext' | 'has_next' | 'both' }

/** The field that says whether there is more; by default the endpoint's own spelling. */
export function nextField(spelling: Spelling, usual: 'hasNext' | 'has_next', more: boolean): string {
  const field = spelling.nextField ?? (spelling.camelCase ? 'hasNext' : usual)
  return field === 'both' ? `"hasNext":${more},"has_next":${more}` : `"${field}":${more}`
}

/** `/trader/txs/seek_by_time`: a wallet's swaps, newest first, with time < before_time or > after_time. */
export function seekByTime(
  market: Market,
  rows: WalletRows,
  atMs: number,
  query: URLSearchParams,
  faults: readonly FaultRule[],
  spelling: Spelling,
): Reply {
  const parameters = readParameters(query)
  const owner = parameters.address()
  const type = parameters.choice('tx_type', ['swap', 'add', 'remove', 'all'], 'swap')
  const before = parameters.optionalInteger('before_time')
  const after = parameters.optionalInteger('after_time')
  const { offset, limit } = parameters.page(100, 100)
  if (before && after) throw new Refused(refusal(422, 'before_time and after_time cannot be used together'))
  const swaps = type === 'add' || type === 'remove' ? [] : (market.swaps.get(owner) ?? [])
  const nowS = Math.floor(atMs / 1000)
  const newest = firstAtOrBefore(swaps, nowS)
  const first = before ? Math.max(newest, firstAtOrBefore(swaps, before - 1)) : newest
  const total = after ? firstAtOrBefore(swaps, after) : swaps.length
  const { from, to, hasNext } = windowOf(newest, Math.min(first + offset, total), limit, total, faults)
  const next = nextField(spelling, 'hasNext', hasNext)
  if (!spelling.camelCase && !touchesRows(faults)) {
    const parts = [
      Buffer.from('{"success":true,"data":{"items":['),
      rows.slice(owner, from, to),
      Buffer.from(`],${next}}}`),
    ]
    return { status: 200, body: Buffer.concat(parts) }
  }
  const texts = Array.from({ length: to - from }, (_, index) =>
    rows.slice(owner, from + index, from + index + 1).toString(),
  )
  const spoiled = spoilRows(texts, faults).join(',')
  return success(`{"items":[${spelling.camelCase ? camelCased(spoiled) : spoiled}],${next}}`)
}

/** Index of the newest swap not after a time, in a list sorted newest first. */
function firstAtOrBefore(swaps: readonly Swap[], timeS: number): number {
  let low = 0
  let high = swaps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((swaps[middle]?.timeS ?? 0) > timeS) low = middle + 1
    else high = middle
  }
  return low
}

/** `/trader/gainers-losers`: wallets by what their swaps brought in less what they cost, over a period. */
export function gainersLosers(market: Market, atMs: number, query: URLSearchParams): Reply {
  const parameters = readParameters(query)
  const type = parameters.choice('type', Object.keys(WEEK))
  parameters.choice('sort_by', ['PnL'])
  const ascending = parameters.choice('sort_type', ['asc', 'desc'], 'desc') === 'asc'
  const { offset, limit } = parameters.page(10, 10)
  const days = Object.entries(WEEK).find(([name]) => name === type)?.[1] ?? 1
  const endS = Math.floor(atMs / 1000) - (type === 'yesterday' ? DAY_S : 0)
  const wallets = [...market.swaps].map(([address, swaps]) => {
    const recent = swaps.slice(firstAtOrBefore(swaps, endS), firstAtOrBefore(swaps, endS - days * DAY_S))
    const paid = (swap: Swap) => (market.isMoney(swap.quote) ? swap.quoteChange > 0n : swap.baseChange > 0n)
    const pnl = recent.reduce((sum, swap) => sum + (paid(swap) ? swap.valueUsd : -swap.valueUsd), 0)
    const volume = recent.reduce((sum, swap) => sum + swap.valueUsd, 0)
    return { network: 'solana', address, pnl, trade_count: recent.length, volume }
  })
  wallets.sort((left, right) => (ascending ? left.pnl - right.pnl : right.pnl - left.pnl))
  return success(JSON.stringify({ items: wallets.slice(offset, offset + limit) }))
}
