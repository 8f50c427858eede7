import { holds } from '../../check.js'
import { cost, double, nullable, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'

/** How much of each commitment was used, where the report says what was not. */
export const commitments = defineTable('billing_gold.commitments', {
  dataset: { purpose: 'utilization', subject: 'commitment', grain: 'month' },
  grain: 'One row per payer, billing month and commitment: a Savings Plan or a reservation.',
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    commitment_discount_id: text,
    commitment_discount_type: nullable(text),
    billing_currency: text,
    /** The effective cost of what the commitment covered. */
    used_cost: cost,
    /** What was paid for and not used. */
    unused_cost: cost,
    /** Used of all; NULL where the commitment cost nothing. */
    utilization: nullable(double),
    /** What the covered use would have cost at public prices; NULL where the source does not say. */
    list_cost: nullable(cost),
  },
  key: ['account_month', 'commitment_discount_id', 'billing_currency'],
  checks: {
    'a row is of its month': holds("account_month = billing_account_id || '/' || billing_month"),
    'utilization is a share': holds('coalesce(utilization BETWEEN 0 AND 1, true)', { severity: 'warning' }),
    'a commitment has a name': holds("commitment_discount_id <> ''"),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    commitment_discount_id: 'arn:aws:savingsplans::123456789012:savingsplan/0b9c1a52',
    commitment_discount_type: 'Savings Plan',
    billing_currency: 'USD',
    used_cost: '700.000000000000000000',
    unused_cost: '44.000000000000000000',
    utilization: 0.9408,
    list_cost: '980.000000000000000000',
  },
  derive: {
    from: { charges },
    by: 'account_month',
    select: ({ charges }) => `
WITH summed AS (
  SELECT account_month, billing_account_id, billing_month, commitment_discount_id,
    max(commitment_discount_type) AS commitment_discount_type, billing_currency,
    CAST(coalesce(sum(effective_cost) FILTER (WHERE commitment_discount_status = 'Used'), 0) AS DECIMAL(38,18)) AS used_cost,
    CAST(coalesce(sum(effective_cost) FILTER (WHERE commitment_discount_status = 'Unused'), 0) AS DECIMAL(38,18)) AS unused_cost,
    sum(list_cost) FILTER (WHERE commitment_discount_status = 'Used') AS list_cost
  FROM ${charges} WHERE commitment_discount_id <> ''
  GROUP BY account_month, billing_account_id, billing_month, commitment_discount_id, billing_currency
)
SELECT account_month, billing_account_id, billing_month, commitment_discount_id, commitment_discount_type, billing_currency, used_cost,
  unused_cost,
  CASE WHEN used_cost + unused_cost <> 0 THEN CAST(used_cost AS DOUBLE) / CAST(used_cost + unused_cost AS DOUBLE) END AS utilization,
  list_cost
FROM summed`,
  },
})
