import { holds } from '../../check.js'
import { bigint, boolean, integer, nullable, rawAmount, text, timestamp, usd } from '../../column.js'
import { defineTable, type Intermediate } from '../../table.js'
import { transactionHistory } from '../bronze/transaction_history.js'
import { nativeSolAddress, quoteAssets, wrappedSolAddress } from '../quote_assets.js'

const quoteAddresses = quoteAssets.map(({ address }) => `'${address}'`).join(', ')
const isQuoteAsset = (address: string): string => `${address} IN (${quoteAddresses})`
const asset = (address: string): string => `if(${address} = '${nativeSolAddress}', '${wrappedSolAddress}', ${address})`

/** SPL amounts end at 2^64; what claims more than 10^30 is broken, and would overflow the running sums of FIFO. */
const largestQuantity = '1000000000000000000000000000000::DECIMAL(38,0)'
/** More USD than there is; keeps every sum of values within 38 digits. */
const largestValueUsd = '1e20'

/** A price of 0.1 to 10^6 as the decimal it prints as, whole and fraction apart: ten times as fast as casting the text to DECIMAL(38,18). */
const printedPrice = `(CAST(floor(money_price) AS BIGINT) * 1.000000000000000000
  + CAST(rpad(split_part(CAST(money_price AS VARCHAR), '.', 2), 18, '0') AS BIGINT) * 0.000000000000000001)`

/**
 * The quote leg, exactly: 9 decimals of amount x 18 of the price as it prints, rounded once to 12. In doubles (off by less than
 * 10^-15 of the value) where that might not hold all digits: other decimals than 6 and 9, other prices, 10^10 USD and more.
 */
const quoteValue = `CASE WHEN money_decimals IN (6, 9) AND money_price >= 0.1 AND money_price < 1e6
    AND money_raw::DOUBLE * money_price < 1e10 * pow(10, money_decimals)
  THEN CAST(CAST(money_raw * if(money_decimals = 6, 0.000001000, 0.000000001) AS DECIMAL(38,9)) * ${printedPrice} AS DECIMAL(38,12))
  ELSE CAST(money_raw::DOUBLE * money_price / pow(10, money_decimals) AS DECIMAL(38,12)) END`

/** A swap's two legs side by side, its value settled. */
const valuedSwaps: Intermediate = {
  name: 'valued_swaps',
  derive: {
    from: { history: transactionHistory },
    by: 'wallet_address',
    time: 'block_time',
    select: ({ history }) => `
WITH asset AS (
  SELECT *, ${asset('base_address')} AS base, ${asset('quote_address')} AS quote FROM ${history}
), leg AS (
  SELECT *, ${isQuoteAsset('base')} AS base_is_money, ${isQuoteAsset('quote')} AS quote_is_money FROM asset
  WHERE base <> quote AND abs(base_change_raw) <= ${largestQuantity} AND abs(quote_change_raw) <= ${largestQuantity}
), money AS (
  SELECT *, sign(base_change_raw) = sign(quote_change_raw) AS is_one_way,
    CASE WHEN quote_is_money THEN abs(quote_change_raw) WHEN base_is_money THEN abs(base_change_raw) END AS money_raw,
    if(quote_is_money, quote_price_usd, base_price_usd) AS money_price,
    if(quote_is_money, quote_decimals, base_decimals) AS money_decimals,
    if(base_is_money, abs(quote_change_raw)::DOUBLE * quote_price_usd / pow(10, quote_decimals),
      abs(base_change_raw)::DOUBLE * base_price_usd / pow(10, base_decimals)) AS other_value
  FROM leg WHERE NOT (base_is_money AND quote_is_money)
), by_quote AS (
  SELECT *, CASE WHEN NOT is_one_way AND money_raw::DOUBLE * money_price / pow(10, money_decimals) < ${largestValueUsd}
    THEN ${quoteValue} END AS quote_value
  FROM money
), by_volume AS (
  SELECT *, CASE WHEN NOT is_one_way AND (quote_value > 0) IS NOT TRUE AND volume_usd < ${largestValueUsd}
    THEN CAST(CAST(volume_usd AS VARCHAR) AS DECIMAL(38,12)) END AS volume_value
  FROM by_quote
), by_base AS (
  SELECT *, CASE WHEN NOT is_one_way AND other_value < ${largestValueUsd} THEN CAST(other_value AS DECIMAL(38,12)) END AS base_value
  FROM by_volume
)
SELECT wallet_address, tx_hash, ins_index, inner_ins_index, block_time, block_number, base, base_change_raw, base_decimals, base_is_money,
  quote, quote_change_raw, quote_decimals, quote_is_money, source, pool_address,
  CASE WHEN quote_value > 0 THEN quote_value WHEN volume_value > 0 THEN volume_value WHEN base_value > 0 THEN base_value END AS value_usd,
  CASE WHEN quote_value > 0 THEN 'quote' WHEN volume_value > 0 THEN 'volume' WHEN base_value > 0 THEN 'base' ELSE 'unpriced' END AS valuation
FROM by_base`,
  },
}

/** The order of a wallet's trades of a token; the rest of the key only settles ties. */
export const tradeOrder = 'block_time, block_number, tx_hash, ins_index, inner_ins_index'

/** One half of the swaps as trades: their `own` leg, against the `other`. */
const half = (swaps: string, own: 'base' | 'quote', other: 'base' | 'quote'): string => `
  SELECT wallet_address, ${own} AS token_address, tx_hash, ins_index, inner_ins_index, block_time, block_number,
    if(${own}_change_raw > 0, 'buy', 'sell') AS side, abs(${own}_change_raw) AS quantity_raw, ${own}_decimals AS decimals,
    value_usd, valuation,
    ${other} AS counter_token_address, source, pool_address
  FROM ${swaps} WHERE NOT ${own}_is_money AND ${own}_change_raw <> 0`

/**
 * A swap gives one trade for each leg that is not a quote asset (SOL in both spellings, USDC, USDT): bought where the wallet
 * received the token, sold where it gave it away. Token-to-token swaps give a sale and a buy at one value. A swap between two
 * quote assets, or of an asset with itself, is no trade; a leg that did not move gives no row.
 *
 * `value_usd` is settled once, by the first of these that is above zero (`valuation` says which):
 *   quote   amount of the quote leg x its price
 *   volume  BirdEye's `volume_usd`
 *   base    amount of the other leg (of `base`, where neither is a quote asset) x its price
 *   unpriced  nothing known, or both legs moved the same way: NULL, kept, and outside PnL
 * No price is assumed, not even 1 for a stablecoin. A leg above 10^30 units is no real amount and gives no row.
 */
export const trades = defineTable('traders_silver.trades', {
  dataset: { purpose: 'valuation', subject: 'wallet', grain: 'trade' },
  grain: 'One row per swap of a wallet and token leg that is not a quote asset.',
  columns: {
    wallet_address: text,
    token_address: text,
    /** Position among the wallet's trades of this token, from 1: by block time, block number, tx_hash, ins_index, inner_ins_index. */
    sequence: integer,
    tx_hash: text,
    ins_index: integer,
    inner_ins_index: integer,
    block_time: timestamp,
    block_number: bigint,
    side: text,
    /** Smallest units, above zero on both sides. */
    quantity_raw: rawAmount,
    decimals: integer,
    value_usd: nullable(usd),
    valuation: text,
    /** The other leg's asset; both spellings of SOL are given as wrapped SOL. */
    counter_token_address: text,
    /** The wallet both bought and sold this token in this transaction: A -> B -> A. */
    is_cyclic: boolean,
    source: nullable(text),
    pool_address: nullable(text),
  },
  key: ['tx_hash', 'ins_index', 'inner_ins_index', 'wallet_address', 'token_address'],
  sortedBy: ['wallet_address', 'token_address', 'sequence'],
  checks: {
    'a side is buy or sell': holds("side IN ('buy', 'sell')"),
    'something moved': holds('quantity_raw > 0'),
    'a trade has a value exactly when it is priced': holds(
      "CASE WHEN valuation = 'unpriced' THEN value_usd IS NULL ELSE valuation IN ('quote', 'volume', 'base') AND value_usd > 0 END",
    ),
    'a trade is against another asset': holds('token_address <> counter_token_address'),
    'trades have a price': holds("valuation <> 'unpriced'", { severity: 'warning' }),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    sequence: 1,
    tx_hash: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    ins_index: 2,
    inner_ins_index: 0,
    block_time: new Date('2026-11-20T12:00:00Z'),
    block_number: 301_234_567n,
    side: 'buy',
    quantity_raw: 5_000_000_000_000_000_000n,
    decimals: 5,
    value_usd: '1065069.000000000000',
    valuation: 'quote',
    counter_token_address: 'So11111111111111111111111111111111111111112',
    is_cyclic: false,
    source: 'raydium',
    pool_address: '58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2',
  },
  derive: {
    from: { swaps: valuedSwaps },
    by: 'wallet_address',
    select: ({ swaps = '' }) => `
SELECT wallet_address, token_address,
  CAST(row_number() OVER (PARTITION BY wallet_address, token_address ORDER BY ${tradeOrder}) AS INTEGER) AS sequence,
  tx_hash, ins_index, inner_ins_index, block_time, block_number, side, quantity_raw, decimals, value_usd, valuation,
  counter_token_address,
  min(side) OVER (PARTITION BY wallet_address, token_address, tx_hash)
    <> max(side) OVER (PARTITION BY wallet_address, token_address, tx_hash) AS is_cyclic,
  source, pool_address
FROM (${half(swaps, 'base', 'quote')} UNION ALL ${half(swaps, 'quote', 'base')})`,
  },
})
