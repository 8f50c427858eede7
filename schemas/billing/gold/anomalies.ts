import { holds } from '../../check.js'
import { cost, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { dailyCosts } from './daily_costs.js'

/** Days of use that a day is compared with, and how many of them there must be to say what is usual. */
const daysBefore = 28
const daysNeeded = 7
/** Below this a day is nobody's concern, whatever it is a multiple of. */
const leastExcess = '1'
/** Half as much again as usual; a fifth more than the most of four weeks. */
const [overMedian, overMaximum] = ['1.5', '1.2']

/** Days on which a service cost an account much more than it does: more than half above the usual day, and above all days before. */
export const anomalies = defineTable('billing_gold.anomalies', {
  dataset: { purpose: 'anomaly', subject: 'service', grain: 'day' },
  grain: 'One row per payer, account, service and day that stands out.',
  columns: {
    billing_account_id: text,
    billing_month: text,
    charge_date: text,
    sub_account_id: text,
    service_name: text,
    billing_currency: text,
    effective_cost: cost,
    /** The median of the days of use in the four weeks before. */
    usual_cost: cost,
    highest_cost: cost,
    /** Why it is here, as a sentence. */
    reason: text,
  },
  key: ['billing_account_id', 'charge_date', 'sub_account_id', 'service_name', 'billing_currency'],
  sortedBy: ['charge_date'],
  checks: {
    'it stands out': holds('effective_cost > usual_cost AND effective_cost > highest_cost'),
    'it says why': holds("reason <> ''"),
    'a date is of its month': holds('charge_date[:7] = billing_month', { severity: 'warning' }),
  },
  example: {
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    charge_date: '2026-10-17',
    sub_account_id: '210987654321',
    service_name: 'Amazon Simple Storage Service',
    billing_currency: 'USD',
    effective_cost: '41.200000000000000000',
    usual_cost: '6.900000000000000000',
    highest_cost: '7.300000000000000000',
    reason: '41.20 USD on 2026-10-17, where 6.90 is usual and 7.30 the most of the 28 days before',
  },
  derive: {
    from: { daily: dailyCosts },
    select: ({ daily }) => `
WITH day AS (
  SELECT billing_account_id, sub_account_id, service_name, billing_currency, charge_date, max(billing_month) AS billing_month,
    CAST(charge_date AS DATE) AS date, sum(effective_cost) AS effective_cost
  FROM ${daily} WHERE charge_category = 'Usage'
  GROUP BY billing_account_id, sub_account_id, service_name, billing_currency, charge_date
), compared AS (
  SELECT *,
    CAST(quantile_disc(effective_cost, 0.5) OVER before AS DECIMAL(38,18)) AS usual_cost,
    CAST(max(effective_cost) OVER before AS DECIMAL(38,18)) AS highest_cost,
    count(*) OVER before AS days
  FROM day
  WINDOW before AS (PARTITION BY billing_account_id, sub_account_id, service_name, billing_currency ORDER BY date
    RANGE BETWEEN INTERVAL ${daysBefore} DAYS PRECEDING AND INTERVAL 1 DAYS PRECEDING)
)
SELECT billing_account_id, billing_month, charge_date, sub_account_id, service_name, billing_currency, effective_cost, usual_cost,
  highest_cost, format('{:,.2f} ', effective_cost::DOUBLE) || billing_currency || ' on ' || charge_date || ', where '
    || format('{:,.2f}', usual_cost::DOUBLE) || ' is usual and ' || format('{:,.2f}', highest_cost::DOUBLE) || ' the most of the '
    || '${daysBefore} days before' AS reason
FROM compared
WHERE days >= ${daysNeeded} AND effective_cost - usual_cost >= ${leastExcess}
  AND effective_cost > usual_cost * ${overMedian} AND effective_cost > highest_cost * ${overMaximum}`,
  },
})
