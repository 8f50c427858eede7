import { holds } from '../../check.js'
import { bigint, cost, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { lineItems } from '../bronze/line_items.js'
import { charges } from './charges.js'

/** Whether the charges are the lines, to the last unit of the source's decimals: what differs is not committed. */
export const reconciliations = defineTable('billing_silver.reconciliations', {
  dataset: { purpose: 'reconciliation', subject: 'account', grain: 'month' },
  grain: 'One row per account and billing month.',
  columns: {
    account_month: text,
    line_count: bigint,
    charge_count: bigint,
    /** As the delivery states it. */
    line_cost: cost,
    charge_cost: cost,
    billing_currency: text,
  },
  key: ['account_month'],
  checks: {
    'every line is a charge': holds('line_count = charge_count'),
    'charges cost what the lines cost': holds('line_cost = charge_cost'),
    'a month has lines': holds('line_count > 0'),
  },
  example: {
    account_month: '123456789012/2026-10',
    line_count: 184_203n,
    charge_count: 184_203n,
    line_cost: '18342.190000000000000000',
    charge_cost: '18342.190000000000000000',
    billing_currency: 'USD',
  },
  derive: {
    from: { lines: lineItems, charges },
    by: 'account_month',
    select: ({ lines, charges }) => `
WITH source AS (
  SELECT account_month, count(*) AS line_count, sum(coalesce(line_item_unblended_cost, billed_cost)) AS line_cost,
    min(coalesce(line_item_currency_code, billing_currency)) AS billing_currency
  FROM ${lines} GROUP BY account_month
), charged AS (
  SELECT account_month, count(*) AS charge_count, sum(billed_cost) AS charge_cost FROM ${charges} GROUP BY account_month
)
SELECT account_month, line_count, coalesce(charge_count, 0) AS charge_count, line_cost,
  CAST(coalesce(charge_cost, 0) AS DECIMAL(38,18)) AS charge_cost, billing_currency
FROM source LEFT JOIN charged USING (account_month)`,
  },
})
