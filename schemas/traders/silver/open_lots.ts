import { holds } from '../../check.js'
import { integer, nullable, rawAmount, text, timestamp, usd } from '../../column.js'
import { defineTable } from '../../table.js'
import { lotMatches } from './lot_matches.js'
import { trades } from './trades.js'

/**
 * What is left of each buy after every known trade: the buy less its pieces in lot_matches. A lot that is sold out to the last
 * unit must have no cost left to the last digit; one that does stays here as a row and breaks a check.
 */
export const openLots = defineTable('traders_silver.open_lots', {
  dataset: { purpose: 'inventory', subject: 'wallet', grain: 'lot' },
  grain: 'One row per buy that is not sold out.',
  columns: {
    wallet_address: text,
    token_address: text,
    sequence: integer,
    tx_hash: text,
    ins_index: integer,
    inner_ins_index: integer,
    bought_at: timestamp,
    quantity_raw: rawAmount,
    /** NULL where the buy is unpriced. */
    cost_usd: nullable(usd),
  },
  key: ['wallet_address', 'token_address', 'sequence'],
  sortedBy: ['wallet_address', 'token_address', 'sequence'],
  checks: {
    'no lot is sold beyond its quantity': holds('quantity_raw >= 0'),
    'no lot is sold beyond its cost': holds('coalesce(cost_usd, 0) >= 0'),
    'a sold out lot has no cost left': holds('quantity_raw <> 0 OR coalesce(cost_usd, 0) = 0'),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    sequence: 1,
    tx_hash: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    ins_index: 2,
    inner_ins_index: 0,
    bought_at: new Date('2026-11-20T12:00:00Z'),
    quantity_raw: 2_500_000_000_000_000_000n,
    cost_usd: '532534.500000000000',
  },
  derive: {
    from: { trades, lotMatches },
    by: 'wallet_address',
    select: ({ trades, lotMatches }) => `
WITH sold AS (
  SELECT wallet_address, token_address, buy_sequence AS sequence, sum(quantity_raw) AS quantity_raw, sum(cost_usd) AS cost_usd
  FROM ${lotMatches} GROUP BY ALL
), lot AS (
  SELECT wallet_address, token_address, sequence, tx_hash, ins_index, inner_ins_index, block_time AS bought_at,
    buy.quantity_raw - coalesce(sold.quantity_raw, 0) AS quantity_raw, buy.value_usd - coalesce(sold.cost_usd, 0) AS cost_usd
  FROM ${trades} AS buy LEFT JOIN sold USING (wallet_address, token_address, sequence) WHERE side = 'buy'
)
FROM lot WHERE quantity_raw <> 0 OR cost_usd <> 0`,
  },
})
