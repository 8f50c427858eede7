import { holds } from '../../check.js'
import { bigint, boolean, integer, nullable, rawAmount, text, timestamp, usd } from '../../column.js'
import { defineTable } from '../../table.js'
import { numberedTrades, pieces } from './fifo.js'

/**
 * First in, first out, per wallet and token: which part of which buy (a lot) each sale sold. What a sale sells beyond the lots
 * held at its time has no row here, and never takes from later buys.
 *
 * A trade without a price moves quantity but no money: `cost_usd` is NULL where the buy is unpriced, `proceeds_usd` where the
 * sale is. Only pieces with both count towards PnL; what was sold of an unpriced lot is unmatched there.
 */
export const lotMatches = defineTable('traders_silver.lot_matches', {
  dataset: { purpose: 'matching', subject: 'wallet', grain: 'sale' },
  grain: 'One row per piece of a sale that was matched with a lot.',
  columns: {
    wallet_address: text,
    token_address: text,
    buy_sequence: integer,
    sell_sequence: integer,
    buy_tx_hash: text,
    buy_ins_index: integer,
    buy_inner_ins_index: integer,
    sell_tx_hash: text,
    sell_ins_index: integer,
    sell_inner_ins_index: integer,
    bought_at: timestamp,
    sold_at: timestamp,
    held_seconds: bigint,
    quantity_raw: rawAmount,
    cost_usd: nullable(usd),
    proceeds_usd: nullable(usd),
    /** The sale left at most 1 % of what was held before it: it ends a round trip. */
    closes_position: boolean,
  },
  key: ['wallet_address', 'token_address', 'sell_sequence', 'buy_sequence'],
  sortedBy: ['wallet_address', 'token_address', 'sell_sequence', 'buy_sequence'],
  checks: {
    'a piece is of something': holds('quantity_raw > 0'),
    'a lot is sold after it was bought': holds('buy_sequence < sell_sequence AND held_seconds >= 0'),
    'cost and proceeds are not negative': holds('coalesce(cost_usd, 0) >= 0 AND coalesce(proceeds_usd, 0) >= 0'),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    buy_sequence: 1,
    sell_sequence: 2,
    buy_tx_hash: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    buy_ins_index: 2,
    buy_inner_ins_index: 0,
    sell_tx_hash: '3kPz9qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    sell_ins_index: 0,
    sell_inner_ins_index: 0,
    bought_at: new Date('2026-11-20T12:00:00Z'),
    sold_at: new Date('2026-11-20T18:00:00Z'),
    held_seconds: 21_600n,
    quantity_raw: 2_500_000_000_000_000_000n,
    cost_usd: '532534.500000000000',
    proceeds_usd: '600000.000000000000',
    closes_position: false,
  },
  derive: {
    from: { trades: numberedTrades, pieces },
    by: 'wallet_address',
    select: ({ trades, pieces }) => `
SELECT buy.wallet_address, buy.token_address, lot AS buy_sequence, sale AS sell_sequence,
  buy.tx_hash AS buy_tx_hash, buy.ins_index AS buy_ins_index, buy.inner_ins_index AS buy_inner_ins_index,
  sell.tx_hash AS sell_tx_hash, sell.ins_index AS sell_ins_index, sell.inner_ins_index AS sell_inner_ins_index,
  buy.block_time AS bought_at, sell.block_time AS sold_at,
  (epoch_us(sell.block_time) - epoch_us(buy.block_time)) // 1000000 AS held_seconds, pieces.quantity_raw, pieces.cost_usd, proceeds_usd, closes_position
FROM ${pieces} AS pieces
JOIN ${trades} AS buy ON buy.pair = pieces.pair AND buy.sequence = lot
JOIN ${trades} AS sell ON sell.pair = pieces.pair AND sell.sequence = sale`,
  },
})
