import { holds } from '../../check.js'
import { bigint, cost, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'

/** What a day cost, by the day a charge's period began. Charges for a whole month, such as fees and tax, are of its first day. */
export const dailyCosts = defineTable('billing_gold.daily_costs', {
  dataset: { purpose: 'cost', subject: 'service', grain: 'day' },
  grain: 'One row per payer, account, day, service, region and charge category.',
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    /** ISO 8601, in UTC. */
    charge_date: text,
    sub_account_id: text,
    service_name: text,
    region_id: text,
    charge_category: text,
    billing_currency: text,
    charge_count: bigint,
    billed_cost: cost,
    effective_cost: cost,
    net_billed_cost: cost,
    net_effective_cost: cost,
  },
  key: [
    'account_month',
    'charge_date',
    'sub_account_id',
    'service_name',
    'region_id',
    'charge_category',
    'billing_currency',
  ],
  sortedBy: ['charge_date', 'sub_account_id', 'service_name'],
  checks: {
    'a row stands for charges': holds('charge_count > 0'),
    'a row is of its month': holds("account_month = billing_account_id || '/' || billing_month"),
    'a date is a date': holds("regexp_full_match(charge_date, '\\d{4}-\\d{2}-\\d{2}')"),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    charge_date: '2026-10-01',
    sub_account_id: '210987654321',
    service_name: 'Amazon Simple Storage Service',
    region_id: 'eu-central-1',
    charge_category: 'Usage',
    billing_currency: 'USD',
    charge_count: 24n,
    billed_cost: '6.900000000000000000',
    effective_cost: '6.900000000000000000',
    net_billed_cost: '6.900000000000000000',
    net_effective_cost: '6.900000000000000000',
  },
  derive: {
    from: { charges },
    by: 'account_month',
    select: ({ charges }) => `
WITH dated AS (
  SELECT *, strftime(timezone('UTC', charge_period_start), '%Y-%m-%d') AS charge_date, coalesce(region_id, '') AS region FROM ${charges}
)
SELECT account_month, billing_account_id, billing_month, charge_date, sub_account_id, service_name, region AS region_id,
  charge_category, billing_currency, count(*) AS charge_count, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
  sum(net_billed_cost) AS net_billed_cost, sum(net_effective_cost) AS net_effective_cost
FROM dated
GROUP BY account_month, billing_account_id, billing_month, charge_date, sub_account_id, service_name, region, charge_category,
  billing_currency`,
  },
})
