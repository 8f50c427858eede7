import { holds } from '../../check.js'
import { bigint, cost, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'
import { dailyCosts } from './daily_costs.js'
import { monthlyCosts } from './monthly_costs.js'
import { tagCosts } from './tag_costs.js'

/** Whether the summed tables still say what the charges say, to the last unit: what differs is not committed. */
export const reconciliations = defineTable('billing_gold.reconciliations', {
  dataset: { purpose: 'reconciliation', subject: 'cost', grain: 'month' },
  grain: 'One row per account and billing month.',
  columns: {
    account_month: text,
    charge_count: bigint,
    monthly_charge_count: bigint,
    billed_cost: cost,
    monthly_billed_cost: cost,
    effective_cost: cost,
    monthly_effective_cost: cost,
    daily_billed_cost: cost,
    /** Of each tag alone, where they all say the same; what has a value and what has none. */
    least_tag_cost: cost,
    greatest_tag_cost: cost,
  },
  key: ['account_month'],
  checks: {
    'every charge is counted': holds('charge_count = monthly_charge_count'),
    'months cost what the charges cost': holds('billed_cost = monthly_billed_cost'),
    'amortized, too': holds('effective_cost = monthly_effective_cost'),
    'days cost what the charges cost': holds('billed_cost = daily_billed_cost'),
    'each tag costs what the charges cost': holds('billed_cost = least_tag_cost AND billed_cost = greatest_tag_cost'),
  },
  example: {
    account_month: '123456789012/2026-10',
    charge_count: 184_203n,
    monthly_charge_count: 184_203n,
    billed_cost: '18342.190000000000000000',
    monthly_billed_cost: '18342.190000000000000000',
    effective_cost: '17011.020000000000000000',
    monthly_effective_cost: '17011.020000000000000000',
    daily_billed_cost: '18342.190000000000000000',
    least_tag_cost: '18342.190000000000000000',
    greatest_tag_cost: '18342.190000000000000000',
  },
  derive: {
    from: { charges, monthly: monthlyCosts, daily: dailyCosts, tagged: tagCosts },
    by: 'account_month',
    select: ({ charges, monthly, daily, tagged }) => `
WITH charged AS (
  SELECT account_month, count(*) AS charge_count, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
  FROM ${charges} GROUP BY account_month
), summed AS (
  SELECT account_month, sum(charge_count) AS charge_count, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
  FROM ${monthly} GROUP BY account_month
), by_day AS (
  SELECT account_month, sum(billed_cost) AS billed_cost FROM ${daily} GROUP BY account_month
), by_tag AS (
  SELECT account_month, tag_key, sum(billed_cost) AS billed_cost FROM ${tagged} WHERE tag_key <> '' GROUP BY account_month, tag_key
), of_tags AS (
  SELECT account_month, min(billed_cost) AS least, max(billed_cost) AS greatest FROM by_tag GROUP BY account_month
)
SELECT charged.account_month, charged.charge_count, CAST(coalesce(summed.charge_count, 0) AS BIGINT) AS monthly_charge_count,
  charged.billed_cost, CAST(coalesce(summed.billed_cost, 0) AS DECIMAL(38,18)) AS monthly_billed_cost,
  charged.effective_cost, CAST(coalesce(summed.effective_cost, 0) AS DECIMAL(38,18)) AS monthly_effective_cost,
  CAST(coalesce(by_day.billed_cost, 0) AS DECIMAL(38,18)) AS daily_billed_cost,
  coalesce(of_tags.least, charged.billed_cost) AS least_tag_cost,
  coalesce(of_tags.greatest, charged.billed_cost) AS greatest_tag_cost
FROM charged LEFT JOIN summed ON summed.account_month = charged.account_month
LEFT JOIN by_day ON by_day.account_month = charged.account_month
LEFT JOIN of_tags ON of_tags.account_month = charged.account_month`,
  },
})
