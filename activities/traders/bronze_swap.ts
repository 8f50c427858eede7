import { createHash } from 'node:crypto'
import type { Row } from '../../schemas/table.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { bigintOf, type Item, isItem, momentOf, numberOf, textOf } from './birdeye_fields.js'
import { assertTolerable, type Question, type RejectedRow, reasonOf, reject } from './bronze_rejections.js'

export type SwapRow = Row<typeof transactionHistory>

export type Swap = { readonly row: SwapRow } | { readonly refused: string }

/** The swaps of a page of the wallet that was asked about. Throws SourceChanged where too many items are none. */
export const readSwaps = (
  question: Question,
  items: readonly unknown[],
): { readonly rows: readonly SwapRow[]; readonly rejected: readonly RejectedRow[] } => {
  const rows: SwapRow[] = []
  const rejected: RejectedRow[] = []
  for (const item of items) {
    const swap = toSwap(item, question.subject)
    if ('row' in swap) rows.push(swap.row)
    else rejected.push(reject(question, item, swap.refused))
  }
  assertTolerable(question, items.length, rejected)
  return { rows, rejected }
}

/** An item of `/trader/txs/seek_by_time` as a row of the wallet's history, or why it is none. */
export const toSwap = (item: unknown, walletAddress: string): Swap => {
  if (!isItem(item)) return { refused: 'item: not an object' }
  const base = legOf(item['base'])
  const quote = legOf(item['quote'])
  const row: Record<string, unknown> = {
    wallet_address: walletAddress,
    tx_hash: item['tx_hash'] ?? item['txHash'],
    ins_index: numberOf(item['ins_index'] ?? item['insIndex']),
    // An instruction that is not inside another has no inner index; 0 is the first that is.
    inner_ins_index: numberOf(item['inner_ins_index'] ?? item['innerInsIndex']) ?? -1,
    ins_index_is_fallback: false,
    block_time: momentOf(item['block_unix_time'] ?? item['blockUnixTime']),
    block_number: bigintOf(item['block_number'] ?? item['blockNumber']),
    base_address: base.address,
    base_symbol: base.symbol,
    base_decimals: base.decimals,
    base_change_raw: base.change,
    base_price_usd: base.price ?? numberOf(item['base_price'] ?? item['basePrice']) ?? base.nearestPrice,
    quote_address: quote.address,
    quote_symbol: quote.symbol,
    quote_decimals: quote.decimals,
    quote_change_raw: quote.change,
    quote_price_usd: quote.price ?? numberOf(item['quote_price'] ?? item['quotePrice']) ?? quote.nearestPrice,
    volume_usd: numberOf(item['volume_usd'] ?? item['volumeUSD'] ?? item['volumeUsd']),
    source: textOf(item['source']),
    pool_address: textOf(item['address'] ?? item['pool_id'] ?? item['poolId']),
    program_id: textOf(item['interacted_program_id'] ?? item['interactedProgramId']),
  }
  if (row['ins_index'] === null) Object.assign(row, fallbackKey(row))
  const parsed = transactionHistory.row.safeParse(row)
  return parsed.success ? { row: parsed.data } : { refused: reasonOf(parsed.error) }
}

/**
 * The key of a row without `ins_index`: two negative 31-bit numbers from a hash of what a swap is (transaction, legs, amounts, pool,
 * program), not of what is reckoned about it (prices, volume), so that it is the same on every read. Negative, so that it never
 * meets a real index. Legs of one transaction that are equal in all of that are taken for one.
 */
const fallbackKey = (row: Item): Item => {
  const parts = [
    'tx_hash',
    'base_address',
    'base_change_raw',
    'quote_address',
    'quote_change_raw',
    'pool_address',
    'program_id',
  ]
  const hash = createHash('sha256')
    .update(parts.map((name) => String(row[name])).join('\n'))
    .digest()
  return {
    ins_index: -1 - (hash.readUInt32BE(0) >>> 1),
    inner_ins_index: -1 - (hash.readUInt32BE(4) >>> 1),
    ins_index_is_fallback: true,
  }
}

interface Leg {
  readonly address: unknown
  readonly symbol: unknown
  readonly decimals: unknown
  readonly change: unknown
  readonly price: unknown
  readonly nearestPrice: unknown
}

const legOf = (value: unknown): Leg => {
  const leg = isItem(value) ? value : {}
  return {
    address: leg['address'],
    symbol: textOf(leg['symbol']),
    decimals: numberOf(leg['decimals']),
    change: changeOf(leg),
    price: numberOf(leg['price']),
    nearestPrice: numberOf(leg['nearest_price'] ?? leg['nearestPrice']),
  }
}

/** What the wallet gained of the leg's token: BirdEye's signed change; else the amount, signed as the leg tells otherwise. */
const changeOf = (leg: Item): unknown => {
  const change = bigintOf(leg['change_amount'] ?? leg['changeAmount'])
  // A change that is no integer is refused, not guessed at.
  if (change !== 0n && change !== undefined && change !== null) return change
  const amount = bigintOf(leg['amount'])
  if (typeof amount !== 'bigint') return change ?? amount
  const size = amount < 0n ? -amount : amount
  const uiChange = numberOf(leg['ui_change_amount'] ?? leg['uiChangeAmount'])
  if (typeof uiChange === 'number' && uiChange !== 0) return uiChange > 0 ? size : -size
  const direction = leg['type_swap'] ?? leg['typeSwap']
  if (direction === 'to') return size
  if (direction === 'from') return -size
  return change ?? undefined
}
