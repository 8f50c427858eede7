import { holds } from '../../check.js'
import { type Column, type Columns, cost, nullable, quantity, text, textMap, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'
import { curColumns, focusColumns, type SourceColumns, type SourceKind } from './cur_columns.js'

const kinds: Readonly<Record<SourceKind, Column>> = {
  text: nullable(text),
  time: nullable(timestamp),
  cost: nullable(cost),
  quantity: nullable(quantity),
  map: nullable(textMap),
}

const columnsOf = (source: SourceColumns): Columns =>
  Object.fromEntries(
    Object.entries(kinds).flatMap(([kind, column]) => source[kind as SourceKind].map((name) => [name, column])),
  )

const sourceColumns: Columns = { ...columnsOf(curColumns), ...columnsOf(focusColumns) }
const columns: Columns = {
  /** The payer's account and the billing month: what a delivery replaces. */
  account_month: text,
  account_id: text,
  billing_month: text,
  /** Within its month: the line item's id with its time interval, alone not unique; in FOCUS, which has none, a hash of the line. */
  line_id: text,
  version_id: text,
  /** `cur` or `focus`. */
  source_format: text,
  ...sourceColumns,
  /** Columns of the source that are not known here, by their names in the source. */
  other_columns: nullable(textMap),
}

const monthStart = "CAST(billing_month || '-01' AS TIMESTAMP)"
const day = (moment: string): string => `timezone('UTC', ${moment})`

/**
 * What the deliveries in force say, line by line, under AWS's own names: a month of an account comes from one delivery and is
 * replaced as a whole. What has no column of its own is in the maps; what AWS never named is in `other_columns`.
 */
export const lineItems = defineTable('billing_bronze.line_items', {
  dataset: { purpose: 'billing', subject: 'account', grain: 'line' },
  grain: 'One row per line of the delivery in force of an account and billing month.',
  source: ['AWS Cost and Usage Reports', 'AWS Data Exports', 'FOCUS'],
  columns,
  key: ['account_month', 'line_id'],
  partitionedBy: ['account_id', 'billing_month'],
  checks: {
    'a line has a cost': holds(
      "CASE WHEN source_format = 'focus' THEN billed_cost ELSE line_item_unblended_cost END IS NOT NULL",
    ),
    'a line is of its account': holds('coalesce(bill_payer_account_id, billing_account_id, account_id) = account_id'),
    'a line is of its billing month': holds(
      `coalesce(${day('bill_billing_period_start_date')}, ${day('billing_period_start')}, ${monthStart}) = ${monthStart}`,
    ),
    'usage begins inside the billing month': holds(
      `line_item_line_item_type NOT IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
        OR ${day('line_item_usage_start_date')} >= ${monthStart}
          AND ${day('line_item_usage_start_date')} < ${monthStart} + INTERVAL 1 MONTH
        OR source_format = 'focus'`,
    ),
    // Providers of FOCUS do bill use of another month.
    'in FOCUS, too': holds(
      `source_format = 'cur' OR charge_category <> 'Usage'
        OR ${day('charge_period_start')} >= ${monthStart} AND ${day('charge_period_start')} < ${monthStart} + INTERVAL 1 MONTH`,
      { severity: 'warning' },
    ),
    'one currency per account and month': {
      severity: 'blocking',
      type: 'consistency',
      offending:
        'count(DISTINCT (account_month, coalesce(line_item_currency_code, billing_currency))) - count(DISTINCT account_month)',
    },
  },
  example: {
    ...Object.fromEntries([...Object.keys(sourceColumns), 'other_columns'].map((name) => [name, null])),
    account_month: '123456789012/2026-10',
    account_id: '123456789012',
    billing_month: '2026-10',
    line_id: 'qmooz4hg3jab/2026-10-01T00:00:00Z/2026-10-01T01:00:00Z',
    version_id: '2fd1b5c0-3b1a-4a52-9d0e-0b6b0c6d4f11',
    source_format: 'cur',
    identity_line_item_id: 'qmooz4hg3jab',
    identity_time_interval: '2026-10-01T00:00:00Z/2026-10-01T01:00:00Z',
    bill_payer_account_id: '123456789012',
    bill_billing_period_start_date: new Date('2026-10-01T00:00:00Z'),
    line_item_usage_account_id: '210987654321',
    line_item_line_item_type: 'Usage',
    line_item_usage_start_date: new Date('2026-10-01T00:00:00Z'),
    line_item_currency_code: 'USD',
    line_item_product_code: 'AmazonS3',
    line_item_unblended_cost: '0.000000080000000000',
    resource_tags: { user_team: 'search' },
  },
})
