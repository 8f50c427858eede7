import { holds } from '../schemas/check.js'
import { bigint, boolean, double, integer, rawAmount, text, timestamp, usd } from '../schemas/column.js'
import { defineStage, defineTable } from '../schemas/table.js'

/** Unpartitioned, so that a bare commit is as cheap as one can be. */
export const plain = defineTable('bench_bronze.plain_rows', {
  dataset: { purpose: 'bench', subject: 'commit', grain: 'row' },
  grain: 'One row per number.',
  columns: {
    wallet: text,
    hash: text,
    position: bigint,
    price: double,
    seen_at: timestamp,
    amount: rawAmount,
    value_usd: usd,
    remainder: integer,
    is_even: boolean,
    symbol: text,
    block_number: bigint,
    volume: double,
  },
  key: ['hash', 'position'],
  checks: {
    'amounts are not negative': holds('amount >= 0'),
    'prices are not negative': holds('price >= 0'),
    'values are not negative': holds('value_usd >= 0'),
  },
  example: {
    wallet: 'w',
    hash: 'h',
    position: 1n,
    price: 1,
    seen_at: new Date(0),
    amount: 1n,
    value_usd: '1',
    remainder: 1,
    is_even: false,
    symbol: 's',
    block_number: 1n,
    volume: 1,
  },
})
export const plainStage = defineStage('bench_bronze', [plain])

/** SELECT of so many rows; the same number and round make the same keys. */
export const plainRows = (rows: number, round: number): string => `
  SELECT 'wallet' || (i % 977) AS wallet, md5(i::VARCHAR || '/${round}') AS hash, i::BIGINT AS position, random() AS price,
    TIMESTAMPTZ '2026-11-21 06:00:00+00' AS seen_at, (i * 1000003)::DECIMAL(38,0) AS amount, (i / 7)::DECIMAL(38,12) AS value_usd,
    (i % 7)::INTEGER AS remainder, i % 2 = 0 AS is_even, 'symbol' || (i % 50) AS symbol, (i * 7)::BIGINT AS block_number, random() AS volume
  FROM range(${rows}) AS r(i)`
