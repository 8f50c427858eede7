import { holds } from '../../check.js'
import { cost, text } from '../../column.js'
import { defineTable } from '../../table.js'
import { charges } from '../silver/charges.js'

/**
 * What each value of a tag cost. The rows of one tag add up to the whole month, as what does not bear the tag is in a row with an
 * empty value; the rows of the tag that has no name are what bears no tag at all.
 */
export const tagCosts = defineTable('billing_gold.tag_costs', {
  dataset: { purpose: 'cost', subject: 'tag', grain: 'month' },
  grain: 'One row per payer, account, billing month, service, tag and value.',
  columns: {
    account_month: text,
    billing_account_id: text,
    billing_month: text,
    sub_account_id: text,
    service_name: text,
    /** As the export names it; empty in the rows of what has no tag. */
    tag_key: text,
    /** Empty where the charge does not bear the tag. */
    tag_value: text,
    billing_currency: text,
    billed_cost: cost,
    effective_cost: cost,
  },
  key: ['account_month', 'sub_account_id', 'service_name', 'tag_key', 'tag_value', 'billing_currency'],
  sortedBy: ['billing_month', 'tag_key', 'tag_value'],
  checks: {
    'a row is of its month': holds("account_month = billing_account_id || '/' || billing_month"),
    'what has no tag has no value': holds("tag_key <> '' OR tag_value = ''"),
    'a month is a month': holds("regexp_full_match(billing_month, '\\d{4}-(0[1-9]|1[0-2])')"),
  },
  example: {
    account_month: '123456789012/2026-10',
    billing_account_id: '123456789012',
    billing_month: '2026-10',
    sub_account_id: '210987654321',
    service_name: 'Amazon Simple Storage Service',
    tag_key: 'user_team',
    tag_value: 'search',
    billing_currency: 'USD',
    billed_cost: '101.500000000000000000',
    effective_cost: '101.500000000000000000',
  },
  derive: {
    from: { charges },
    by: 'account_month',
    select: ({ charges }) => `
WITH borne AS (
  SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency,
    unnest(map_keys(tags)) AS tag_key, unnest(map_values(tags)) AS tag_value, billed_cost, effective_cost
  FROM ${charges}
), tagged AS (
  SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency, tag_key, tag_value,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
  FROM borne WHERE tag_key <> '' AND tag_value <> ''
  GROUP BY account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency, tag_key, tag_value
), whole AS (
  SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency,
    sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
    coalesce(sum(billed_cost) FILTER (WHERE coalesce(cardinality(tags), 0) = 0), 0) AS untagged_cost,
    coalesce(sum(effective_cost) FILTER (WHERE coalesce(cardinality(tags), 0) = 0), 0) AS untagged_effective_cost
  FROM ${charges} GROUP BY account_month, billing_account_id, billing_month, sub_account_id, service_name, billing_currency
), of_tag AS (
  SELECT account_month, sub_account_id, service_name, billing_currency, tag_key, sum(billed_cost) AS billed_cost,
    sum(effective_cost) AS effective_cost
  FROM tagged GROUP BY account_month, sub_account_id, service_name, billing_currency, tag_key
), known AS (
  SELECT DISTINCT account_month, tag_key FROM tagged
)
SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, tag_key, tag_value, billing_currency,
  billed_cost, effective_cost
FROM tagged
UNION ALL
SELECT whole.account_month, whole.billing_account_id, whole.billing_month, whole.sub_account_id, whole.service_name, known.tag_key, '',
  whole.billing_currency, CAST(whole.billed_cost - coalesce(of_tag.billed_cost, 0) AS DECIMAL(38,18)),
  CAST(whole.effective_cost - coalesce(of_tag.effective_cost, 0) AS DECIMAL(38,18))
FROM whole JOIN known USING (account_month)
LEFT JOIN of_tag ON of_tag.account_month = whole.account_month AND of_tag.sub_account_id = whole.sub_account_id
  AND of_tag.service_name = whole.service_name AND of_tag.billing_currency = whole.billing_currency AND of_tag.tag_key = known.tag_key
UNION ALL
SELECT account_month, billing_account_id, billing_month, sub_account_id, service_name, '', '', billing_currency,
  CAST(untagged_cost AS DECIMAL(38,18)), CAST(untagged_effective_cost AS DECIMAL(38,18))
FROM whole`,
  },
})
