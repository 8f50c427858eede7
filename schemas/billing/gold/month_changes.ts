import { holds } from '../../check.js'
import { bigint, cost, double, nullable, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { monthlyCosts } from './monthly_costs.js'

/** How a service's cost moved from one month to the next, in every account; what is gone is there with a cost of 0. */
export const monthChanges = defineTable('billing_gold.month_changes', {
  dataset: { purpose: 'change', subject: 'service', grain: 'month' },
  grain: 'One row per payer, account, service and billing month that follows another one.',
  columns: {
    billing_account_id: text,
    billing_month: text,
    previous_month: text,
    sub_account_id: text,
    service_name: text,
    billing_currency: text,
    effective_cost: cost,
    previous_cost: cost,
    change_cost: cost,
    /** Of the month before; NULL where that was 0. */
    change_share: nullable(double),
    /** By the size of the change, up or down, among the payer's of this month: from 1. */
    mover_rank: bigint,
  },
  key: ['billing_account_id', 'billing_month', 'sub_account_id', 'service_name', 'billing_currency'],
  sortedBy: ['billing_month', 'mover_rank'],
  checks: {
    'the change is the difference': holds('change_cost = effective_cost - previous_cost'),
    'ranks start at 1': holds('mover_rank >= 1'),
    'a month follows another': holds('billing_month > previous_month'),
  },
  example: {
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    previous_month: '2026-09',
    sub_account_id: '210987654321',
    service_name: 'Amazon Simple Storage Service',
    billing_currency: 'USD',
    effective_cost: '213.900000000000000000',
    previous_cost: '200.000000000000000000',
    change_cost: '13.900000000000000000',
    change_share: 0.0695,
    mover_rank: 3n,
  },
  derive: {
    from: { monthly: monthlyCosts },
    select: ({ monthly }) => `
WITH cost AS (
  SELECT billing_account_id, billing_month, sub_account_id, service_name, billing_currency, sum(effective_cost) AS effective_cost
  FROM ${monthly} GROUP BY billing_account_id, billing_month, sub_account_id, service_name, billing_currency
), known AS (
  SELECT DISTINCT billing_account_id, billing_month,
    strftime(CAST(billing_month || '-01' AS DATE) - INTERVAL 1 MONTH, '%Y-%m') AS previous_month
  FROM cost
), pair AS (
  SELECT DISTINCT known.billing_account_id, known.billing_month, known.previous_month, cost.sub_account_id, cost.service_name,
    cost.billing_currency
  FROM known JOIN cost ON cost.billing_account_id = known.billing_account_id
    AND cost.billing_month IN (known.billing_month, known.previous_month)
  WHERE EXISTS (SELECT 1 FROM cost AS before
    WHERE before.billing_account_id = known.billing_account_id AND before.billing_month = known.previous_month)
), compared AS (
  SELECT pair.billing_account_id, pair.billing_month, pair.previous_month, pair.sub_account_id, pair.service_name,
    pair.billing_currency, CAST(coalesce(this.effective_cost, 0) AS DECIMAL(38,18)) AS effective_cost,
    CAST(coalesce(last.effective_cost, 0) AS DECIMAL(38,18)) AS previous_cost
  FROM pair
  LEFT JOIN cost AS this ON this.billing_account_id = pair.billing_account_id AND this.billing_month = pair.billing_month
    AND this.sub_account_id = pair.sub_account_id AND this.service_name = pair.service_name
    AND this.billing_currency = pair.billing_currency
  LEFT JOIN cost AS last ON last.billing_account_id = pair.billing_account_id AND last.billing_month = pair.previous_month
    AND last.sub_account_id = pair.sub_account_id AND last.service_name = pair.service_name
    AND last.billing_currency = pair.billing_currency
)
SELECT billing_account_id, billing_month, previous_month, sub_account_id, service_name, billing_currency, effective_cost, previous_cost,
  effective_cost - previous_cost AS change_cost,
  CASE WHEN previous_cost <> 0 THEN CAST(effective_cost - previous_cost AS DOUBLE) / CAST(previous_cost AS DOUBLE) END AS change_share,
  row_number() OVER (PARTITION BY billing_account_id, billing_month
    ORDER BY abs(effective_cost - previous_cost) DESC, sub_account_id, service_name, billing_currency) AS mover_rank
FROM compared`,
  },
})
