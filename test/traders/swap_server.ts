import type { Asked } from '../infra/scripted_server.js'

export interface Trade {
  readonly hash: string
  readonly seconds: number
  readonly index?: number | undefined
}

export interface Manners {
  /** The largest page the server gives, whatever is asked. */
  readonly pageSize: number
  /** Whether `before_time` itself is meant too. */
  readonly isInclusive?: boolean
  readonly isCamelCase?: boolean
  /** Leaves out whether there is more. */
  readonly saysNext?: boolean
}

/** What `/trader/txs/seek_by_time` answers for these trades: newest first, within a second in the order given. */
export const seekByTime = (trades: readonly Trade[], { query }: Asked, manners: Manners): unknown => {
  const before = Number(query.get('before_time'))
  const offset = Number(query.get('offset') ?? 0)
  const limit = Math.min(Number(query.get('limit')), manners.pageSize)
  if (offset + limit > 10_000) return { success: false, message: 'offset + limit must not exceed 10000' }
  const found = trades
    .filter(({ seconds }) => (manners.isInclusive ? seconds <= before : seconds < before))
    .sort((a, b) => b.seconds - a.seconds)
  const items = found.slice(offset, offset + limit).map((trade) => toItem(trade, manners.isCamelCase ?? false))
  const hasNext = offset + limit < found.length
  const next = manners.saysNext === false ? {} : manners.isCamelCase ? { hasNext } : { has_next: hasNext }
  return { success: true, data: { items, ...next } }
}

export const sol = 'So11111111111111111111111111111111111111112'
export const bonk = 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263'

export const toItem = ({ hash, seconds, index }: Trade, isCamelCase = false): Record<string, unknown> => {
  const leg = (address: string, amount: number, isGained: boolean) => ({
    address,
    symbol: 'X',
    decimals: 5,
    price: 1.5,
    amount,
    [isCamelCase ? 'changeAmount' : 'change_amount']: isGained ? amount : -amount,
  })
  const legs = { base: leg(bonk, 1_000, true), quote: leg(sol, 7, false), source: 'raydium' }
  return isCamelCase
    ? { ...legs, txHash: hash, blockUnixTime: seconds, blockNumber: 1, insIndex: index, volumeUSD: 1 }
    : { ...legs, tx_hash: hash, block_unix_time: seconds, block_number: 1, ins_index: index, volume_usd: 1 }
}
