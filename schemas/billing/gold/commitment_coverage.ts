import { holds } from '../../check.js'
import { cost, double, nullable, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'

/** How much of what could be covered by commitments was. */
export const commitmentCoverage = defineTable('billing_gold.commitment_coverage', {
  dataset: { purpose: 'coverage', subject: 'service', grain: 'month' },
  grain: 'One row per payer, account, billing month and service in which a commitment covered something.',
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    sub_account_id: text,
    service_name: text,
    billing_currency: text,
    /** Covered use, at its effective cost. */
    covered_cost: cost,
    /** Use at on-demand prices. */
    on_demand_cost: cost,
    /** At public prices, covered of covered and on demand; NULL where the source does not say them. */
    coverage: nullable(double),
  },
  key: ['account_month', 'sub_account_id', 'service_name', 'billing_currency'],
  checks: {
    'a row is of its month': holds("account_month = billing_account_id || '/' || billing_month"),
    'coverage is a share': holds('coalesce(coverage BETWEEN 0 AND 1, true)', { severity: 'warning' }),
    'a service has a name': holds("service_name <> ''"),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    sub_account_id: '210987654321',
    service_name: 'Amazon Elastic Compute Cloud',
    billing_currency: 'USD',
    covered_cost: '700.000000000000000000',
    on_demand_cost: '120.000000000000000000',
    coverage: 0.891,
  },
  derive: {
    from: { charges },
    by: 'account_month',
    select: ({ charges }) => `
WITH summed AS (
  SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency,
    CAST(coalesce(sum(effective_cost) FILTER (WHERE commitment_discount_status = 'Used'), 0) AS DECIMAL(38,18)) AS covered_cost,
    CAST(coalesce(sum(effective_cost) FILTER (WHERE pricing_category = 'Standard'), 0) AS DECIMAL(38,18)) AS on_demand_cost,
    sum(list_cost) FILTER (WHERE commitment_discount_status = 'Used') AS covered_list_cost,
    coalesce(sum(list_cost) FILTER (WHERE pricing_category = 'Standard'), 0) AS on_demand_list_cost
  FROM ${charges} WHERE charge_category = 'Usage'
  GROUP BY account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency
  HAVING count(*) FILTER (WHERE commitment_discount_status = 'Used') > 0
)
SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency, covered_cost, on_demand_cost,
  CASE WHEN covered_list_cost + on_demand_list_cost > 0
    THEN CAST(covered_list_cost AS DOUBLE) / CAST(covered_list_cost + on_demand_list_cost AS DOUBLE) END AS coverage
FROM summed`,
  },
})
