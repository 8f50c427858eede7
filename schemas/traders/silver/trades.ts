import { holds } from '../../check.js'
import { bigint, boolean, integer, nullable, rawAmount, text, timestamp, usd } from '../../column.js'
import { defineTable } from '../../table.js'

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
 * No price is assumed, not even 1 for a stablecoin.
 */
export const trades = defineTable('traders_silver.trades', {
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
})
