import { holds } from '../../check.js'
import { bigint, cost, nullable, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'

/** What a month cost, account by account and service by service. Sum over what is not asked for. */
export const monthlyCosts = defineTable('billing_gold.monthly_costs', {
  dataset: { purpose: 'cost', subject: 'service', grain: 'month' },
  grain: 'One row per payer, account, billing month, service, region and charge category.',
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    sub_account_id: text,
    sub_account_name: nullable(text),
    service_name: text,
    /** Empty where the charge is of no region. */
    region_id: text,
    charge_category: text,
    billing_currency: text,
    charge_count: bigint,
    /** Unblended: as on the invoice. */
    billed_cost: cost,
    /** Amortized: commitments spread over the use they cover. */
    effective_cost: cost,
    net_billed_cost: cost,
    net_effective_cost: cost,
    /** At public prices; NULL where the source does not say them of every charge. */
    list_cost: nullable(cost),
  },
  key: ['account_month', 'sub_account_id', 'service_name', 'region_id', 'charge_category', 'billing_currency'],
  sortedBy: ['billing_month', 'sub_account_id', 'service_name'],
  checks: {
    'a row stands for charges': holds('charge_count > 0'),
    'a row is of its month': holds("account_month = billing_account_id || '/' || billing_month"),
    'a category is known': holds("charge_category IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')"),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    sub_account_id: '210987654321',
    sub_account_name: 'search',
    service_name: 'Amazon Simple Storage Service',
    region_id: 'eu-central-1',
    charge_category: 'Usage',
    billing_currency: 'USD',
    charge_count: 744n,
    billed_cost: '213.900000000000000000',
    effective_cost: '213.900000000000000000',
    net_billed_cost: '213.900000000000000000',
    net_effective_cost: '213.900000000000000000',
    list_cost: '213.900000000000000000',
  },
  derive: {
    from: { charges },
    by: 'account_month',
    select: ({ charges }) => `
SELECT account_month, billing_account_id, billing_month, sub_account_id, max(sub_account_name) AS sub_account_name, service_name,
  coalesce(region_id, '') AS region_id, charge_category, billing_currency, count(*) AS charge_count,
  sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost, sum(net_billed_cost) AS net_billed_cost,
  sum(net_effective_cost) AS net_effective_cost,
  CASE WHEN count(list_cost) = count(*) THEN sum(list_cost) END AS list_cost
FROM ${charges}
GROUP BY account_month, billing_account_id, billing_month, sub_account_id, service_name, coalesce(region_id, ''), charge_category,
  billing_currency`,
  },
})
