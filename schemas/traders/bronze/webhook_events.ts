import { holds } from '../../check.js'
import { bigint, boolean, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/**
 * A transaction of a watched wallet, as Helius told it: by a delivery to our receiver, or asked for because no delivery of it had
 * come. The first telling is kept; Helius repeats itself, and promises no order.
 */
export const webhookEvents = defineTable('traders_bronze.webhook_events', {
  dataset: { purpose: 'delivery', subject: 'webhook', grain: 'transaction' },
  grain: 'One row per transaction that was delivered or fetched.',
  source: ['Helius deliveries', 'Helius /v0/transactions'],
  columns: {
    signature: text,
    /** `delivered` by Helius, or `fetched` after polling had shown that it was missing. */
    origin: text,
    /** Helius' payload: `enhanced` or `raw`. */
    form: text,
    received_at: timestamp,
    block_time: timestamp,
    slot: bigint,
    fee_payer_address: text,
    fee_lamports: bigint,
    is_failed: boolean,
    /** What Helius takes it for; it often does not know, so nothing is decided by it. */
    transaction_type: nullable(text),
    source: nullable(text),
    /** The event, whole; integers of 16 digits and more are texts, digit for digit. */
    raw_json: text,
  },
  key: ['signature'],
  sortedBy: ['block_time'],
  checks: {
    'an origin is known': holds("origin IN ('delivered', 'fetched')"),
    'a form is known': holds("form IN ('enhanced', 'raw')"),
    'a fee is not negative': holds('fee_lamports >= 0'),
    'block time is after the first block of Solana': holds("block_time >= TIMESTAMPTZ '2020-03-16 00:00:00+00'"),
    'nothing is received before its block': holds("received_at >= block_time - INTERVAL '1 minute'", {
      severity: 'warning',
    }),
    'the event is JSON': holds('json_valid(raw_json)'),
  },
  example: {
    signature: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    origin: 'delivered',
    form: 'enhanced',
    received_at: new Date('2026-11-20T12:00:01Z'),
    block_time: new Date('2026-11-20T12:00:00Z'),
    slot: 301_234_567n,
    fee_payer_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    fee_lamports: 5_000n,
    is_failed: false,
    transaction_type: 'SWAP',
    source: 'PUMP_AMM',
    raw_json: '{}',
  },
})
