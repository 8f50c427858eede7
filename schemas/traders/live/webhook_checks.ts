import { holds } from '../../check.js'
import { bigint, boolean, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/** Whether Helius still delivers, and whether what it delivered is all that polling has found. */
export const webhookChecks = defineTable('traders_live.webhook_checks', {
  dataset: { purpose: 'monitoring', subject: 'webhook', grain: 'check' },
  grain: 'One row per check.',
  source: ['Helius /v0/webhooks', 'traderActivity'],
  columns: {
    as_of: timestamp,
    /** `active`: as it should be, `mended`: now it is again, `failed`, or `unconfigured`. */
    status: text,
    /** For a person: what was found and done. */
    message: text,
    webhook_id: nullable(text),
    is_active: nullable(boolean),
    last_received_at: nullable(timestamp),
    /** Trades of watched wallets that polling has found since they are watched. */
    polled_trades: bigint,
    /** Those of which webhook and polling say the same. */
    agreeing_trades: bigint,
    differing_trades: bigint,
    /** Transactions that polling has found and no delivery told of, when the check began. */
    missed_transactions: bigint,
    /** Those that Helius then gave when it was asked. */
    fetched_transactions: bigint,
  },
  key: ['as_of'],
  checks: {
    'a status is known': holds("status IN ('active', 'mended', 'failed', 'unconfigured')"),
    'no more is fetched than was missed': holds('fetched_transactions BETWEEN 0 AND missed_transactions'),
    'no more agrees than was polled': holds('agreeing_trades + differing_trades <= polled_trades'),
    'nothing was missed': holds('missed_transactions = 0', { severity: 'warning' }),
    'webhook and polling agree': holds('differing_trades = 0', { severity: 'warning' }),
  },
  example: {
    as_of: new Date('2026-11-21T06:05:00Z'),
    status: 'active',
    message: 'Helius watches 10 wallets (unchanged)',
    webhook_id: '3f8a1c4e-52b7-4d0e-9a51-7c1f0a6f2b11',
    is_active: true,
    last_received_at: new Date('2026-11-21T06:04:30Z'),
    polled_trades: 120n,
    agreeing_trades: 120n,
    differing_trades: 0n,
    missed_transactions: 2n,
    fetched_transactions: 2n,
  },
})
