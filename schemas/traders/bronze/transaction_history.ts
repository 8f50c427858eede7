import { holds } from '../../check.js'
import { bigint, boolean, double, integer, nullable, rawAmount, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'
import { historyCursors } from './history_cursors.js'

const isoSecond = (moment: string): string => `strftime((${moment}) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')`

/**
 * A swap as BirdEye's `/trader/txs/seek_by_time` tells it, seen from one wallet: `base` and `quote` are the two legs, a leg's
 * `*_change_raw` is positive where the wallet received it. Rows without `ins_index` (old ones) carry a fallback key, see
 * `ins_index_is_fallback`.
 */
export const transactionHistory = defineTable('traders_bronze.transaction_history', {
  dataset: { purpose: 'history', subject: 'wallet', grain: 'swap' },
  grain: 'One row per swap instruction of a wallet.',
  source: ['BirdEye /trader/txs/seek_by_time'],
  columns: {
    wallet_address: text,
    tx_hash: text,
    ins_index: integer,
    inner_ins_index: integer,
    ins_index_is_fallback: boolean,
    block_time: timestamp,
    block_number: bigint,
    base_address: text,
    base_symbol: nullable(text),
    base_decimals: integer,
    base_change_raw: rawAmount,
    base_price_usd: nullable(double),
    quote_address: text,
    quote_symbol: nullable(text),
    quote_decimals: integer,
    quote_change_raw: rawAmount,
    quote_price_usd: nullable(double),
    volume_usd: nullable(double),
    source: nullable(text),
    pool_address: nullable(text),
    program_id: nullable(text),
  },
  key: ['tx_hash', 'ins_index', 'inner_ins_index', 'wallet_address'],
  clusteredBy: ['wallet_address', 'block_time', 'base_address'],
  checks: {
    'a swap has two different legs or moves something': holds('base_change_raw <> 0 OR quote_change_raw <> 0', {
      severity: 'warning',
    }),
    'prices are not negative': holds(
      'coalesce(base_price_usd, 0) >= 0 AND coalesce(quote_price_usd, 0) >= 0 AND coalesce(volume_usd, 0) >= 0',
    ),
    'block time is after the first block of Solana': holds("block_time >= TIMESTAMPTZ '2020-03-16 00:00:00+00'"),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    tx_hash: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    ins_index: 2,
    inner_ins_index: 0,
    ins_index_is_fallback: false,
    block_time: new Date('2026-11-20T12:00:00Z'),
    block_number: 301_234_567n,
    base_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    base_symbol: 'Bonk',
    base_decimals: 5,
    base_change_raw: 5_000_000_000_000_000_000n,
    base_price_usd: 0.0000213,
    quote_address: 'So11111111111111111111111111111111111111112',
    quote_symbol: 'SOL',
    quote_decimals: 9,
    quote_change_raw: -7_305_000_000_000n,
    quote_price_usd: 145.8,
    volume_usd: 1_065_069,
    source: 'raydium',
    pool_address: '58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2',
    program_id: null,
  },
  ranges: {
    from: { cursors: historyCursors },
    // Both ends of a cursor's range are seconds that were read entirely; what is older than the oldest is missing until it is complete.
    select: ({ cursors }) => {
      const range = (from: string, to: string) => `
SELECT wallet_address AS partition, ${isoSecond(from)} AS source_start, ${isoSecond(`${to} + INTERVAL 1 SECOND`)} AS source_end
FROM ${cursors}`
      return `${range('covered_from', 'covered_to')} WHERE covered_from IS NOT NULL
UNION ALL ${range('unfinished_before', 'read_to')} WHERE read_to IS NOT NULL
UNION ALL SELECT wallet_address, NULL, ${isoSecond('coalesce(covered_from, as_of)')} FROM ${cursors}
WHERE NOT is_complete AND unfinished_before IS NULL`
    },
  },
})
