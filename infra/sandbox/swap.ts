import { transactionSignature } from './addresses.js'
import type { Asset } from './assets.js'
import type { Venue } from './owners.js'

/** One leg of a transaction: `base` and `quote` as the wallet's balances changed. */
export type Swap = {
  owner: string
  timeS: number
  block: number
  /** Number of the transaction within the market; its signature is made from it. */
  transaction: number
  instruction: number
  inner: number | null
  base: Asset
  quote: Asset
  /** Raw units; positive when the wallet received. */
  baseChange: bigint
  quoteChange: bigint
  basePrice: number
  quotePrice: number
  /** The swap's true value: the quote leg's. */
  valueUsd: number
  pool: string
  venue: Venue
  quirks: number
}

/** What is wrong with a row, as bits: prices that are null, fields that old rows lack, tokens that came by transfer. */
export const QUIRK = {
  basePriceNull: 1,
  baseNearestNull: 2,
  quotePriceNull: 4,
  quoteNearestNull: 8,
  noVolumeUsd: 16,
  noInstruction: 32,
  transferredIn: 64,
} as const

export type SwapLeg = {
  symbol: string
  decimals: number
  address: string
  amount: bigint
  type: string
  type_swap: 'from' | 'to'
  ui_amount: number
  price: number | null
  nearest_price: number | null
  change_amount: bigint
  ui_change_amount: number
  is_scaled_ui_token: boolean
  multiplier: null
}

/** A row of `/trader/txs/seek_by_time`; raw amounts are bigints here and plain numbers in the JSON text. */
export type SwapItem = {
  base: SwapLeg
  quote: SwapLeg
  base_price: number | null
  quote_price: number | null
  tx_hash: string
  source: string
  block_unix_time: number
  block_number: number
  tx_type: 'swap'
  address: string
  owner: string
  signers: string[]
  interacted_program_id: string
  volume: number
  volume_usd?: number
  ins_index?: number
  inner_ins_index?: number | null
}

function leg(asset: Asset, change: bigint, price: number, nulls: number): SwapLeg {
  const amount = change < 0n ? -change : change
  const uiAmount = Number(amount) / 10 ** asset.decimals
  const received = change > 0n
  return {
    symbol: asset.symbol,
    decimals: asset.decimals,
    address: asset.address,
    amount,
    type: asset.staked ? (received ? 'mint' : 'burn') : 'transfer',
    type_swap: received ? 'to' : 'from',
    ui_amount: uiAmount,
    price: nulls & 1 ? null : price,
    nearest_price: nulls & 2 ? null : price,
    change_amount: change,
    ui_change_amount: received ? uiAmount : -uiAmount,
    is_scaled_ui_token: false,
    multiplier: null,
  }
}

/** The row as the API tells it. `seed` is the market's. */
export function swapItem(seed: number, swap: Swap): SwapItem {
  const base = leg(swap.base, swap.baseChange, swap.basePrice, swap.quirks & 3)
  const quote = leg(swap.quote, swap.quoteChange, swap.quotePrice, (swap.quirks >> 2) & 3)
  const item: SwapItem = {
    base,
    quote,
    base_price: base.price,
    quote_price: quote.price,
    tx_hash: transactionSignature(seed, swap.transaction),
    source: swap.venue.source,
    block_unix_time: swap.timeS,
    block_number: swap.block,
    tx_type: 'swap',
    address: swap.pool,
    owner: swap.owner,
    signers: [swap.owner],
    interacted_program_id: swap.venue.program,
    volume: base.ui_amount,
  }
  if (!(swap.quirks & QUIRK.noVolumeUsd)) item.volume_usd = swap.valueUsd
  if (!(swap.quirks & QUIRK.noInstruction)) {
    item.ins_index = swap.instruction
    item.inner_ins_index = swap.inner
  }
  return item
}

/** Each number is written once and its text reused: writing numbers is most of the cost of a row. */
function legJson(leg: SwapLeg, price: string, uiAmount: string): string {
  const amount = String(leg.amount)
  const sign = leg.type_swap === 'from' ? '-' : ''
  const nearest = leg.nearest_price === leg.price ? price : String(leg.nearest_price)
  return `{"symbol":${JSON.stringify(leg.symbol)},"decimals":${leg.decimals},"address":"${leg.address}","amount":${amount},"type":"${leg.type}","type_swap":"${leg.type_swap}","ui_amount":${uiAmount},"price":${price},"nearest_price":${nearest},"change_amount":${sign}${amount},"ui_change_amount":${sign}${uiAmount},"is_scaled_ui_token":false,"multiplier":null}`
}

/** The row's JSON text: raw amounts are numbers, exact beyond 2^53. */
export function swapJson(item: SwapItem): string {
  const { base, quote } = item
  const basePrice = String(base.price)
  const quotePrice = String(quote.price)
  const volume = String(base.ui_amount)
  const volumeUsd = item.volume_usd === undefined ? '' : `,"volume_usd":${item.volume_usd}`
  const place =
    item.ins_index === undefined
      ? ''
      : `,"ins_index":${item.ins_index},"inner_ins_index":${item.inner_ins_index ?? 'null'}`
  return `{"base":${legJson(base, basePrice, volume)},"quote":${legJson(quote, quotePrice, String(quote.ui_amount))},"base_price":${basePrice},"quote_price":${quotePrice},"tx_hash":"${item.tx_hash}","source":"${item.source}","block_unix_time":${item.block_unix_time},"block_number":${item.block_number},"tx_type":"swap","address":"${item.address}","owner":"${item.owner}","signers":["${item.owner}"],"interacted_program_id":"${item.interacted_program_id}","volume":${volume}${volumeUsd}${place}}`
}
