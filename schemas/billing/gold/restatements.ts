import { holds } from '../../check.js'
import { bigint, cost, text } from '../../column.js'
import { defineTable } from '../../table.js'

/** What a delivery changed of the one before it, from the two snapshots of the charges. */
export const restatements = defineTable('billing_gold.restatements', {
  dataset: { purpose: 'restatement', subject: 'service', grain: 'delivery' },
  grain: 'One row per payer, billing month, delivery, account and service whose cost or lines it changed.',
  source: ['two snapshots of billing_silver.charges'],
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    version_id: text,
    /** The delivery that was in force before. */
    previous_version_id: text,
    /** The run that loaded it, by its logical time. */
    logical_run: text,
    previous_snapshot_id: bigint,
    snapshot_id: bigint,
    sub_account_id: text,
    service_name: text,
    billing_currency: text,
    billed_cost: cost,
    previous_billed_cost: cost,
    change_cost: cost,
    lines_added: bigint,
    lines_removed: bigint,
    /** Lines that are in both and cost something else. */
    lines_changed: bigint,
  },
  key: ['account_month', 'logical_run', 'sub_account_id', 'service_name', 'billing_currency'],
  sortedBy: ['billing_month', 'logical_run'],
  checks: {
    'the change is the difference': holds('change_cost = billed_cost - previous_billed_cost'),
    'something changed': holds('lines_added + lines_removed + lines_changed > 0'),
    'the later snapshot is the later': holds('snapshot_id > previous_snapshot_id'),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    version_id: '2fd1b5c0-3b1a-4a52-9d0e-0b6b0c6d4f11',
    previous_version_id: '1ac0a4bf-2a09-4941-8cfd-fa5afb5c3e00',
    logical_run: '2026-11-21T06:00:00.000Z',
    previous_snapshot_id: 41n,
    snapshot_id: 42n,
    sub_account_id: '210987654321',
    service_name: 'Amazon Simple Storage Service',
    billing_currency: 'USD',
    billed_cost: '213.900000000000000000',
    previous_billed_cost: '212.100000000000000000',
    change_cost: '1.800000000000000000',
    lines_added: 3n,
    lines_removed: 0n,
    lines_changed: 1n,
  },
})
