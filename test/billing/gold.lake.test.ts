import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, type Line, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

const account = '444444444444'
let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

const common = (type: string, day: string, index: number): Line => ({
  ...usageLines(1, { account })[0],
  identity_line_item_id: `${type}${index}`,
  line_item_line_item_type: type,
  line_item_usage_start_date: `2026-10-${day}T00:00:00Z`,
  line_item_usage_end_date: `2026-10-${day}T23:00:00Z`,
  line_item_usage_account_id: '200000000009',
  line_item_product_code: 'AmazonRDS',
})

describe('one account over two months', () => {
  const commitment = 'arn:aws:savingsplans::444444444444:savingsplan/one'
  const october: Line[] = [
    ...Array.from({ length: 20 }, (_, index) => ({
      ...common('Usage', String(index + 1).padStart(2, '0'), index),
      line_item_unblended_cost: index === 15 ? '25.0000000000' : '2.5000000000',
    })),
    {
      ...common('SavingsPlanCoveredUsage', '03', 1),
      line_item_unblended_cost: '10.00',
      savings_plan_savings_plan_effective_cost: '7.00',
      savings_plan_savings_plan_a_r_n: commitment,
      pricing_public_on_demand_cost: '10.00',
    },
    {
      ...common('SavingsPlanNegation', '03', 1),
      line_item_unblended_cost: '-10.00',
      savings_plan_savings_plan_a_r_n: commitment,
    },
    {
      ...common('SavingsPlanRecurringFee', '01', 1),
      line_item_unblended_cost: '8.00',
      savings_plan_total_commitment_to_date: '8.00',
      savings_plan_used_commitment: '7.00',
      savings_plan_savings_plan_a_r_n: commitment,
    },
    { ...common('Tax', '01', 1), line_item_unblended_cost: '1.90' },
    { ...common('Credit', '01', 1), line_item_unblended_cost: '-3.00' },
    { ...common('Refund', '01', 1), line_item_unblended_cost: '-0.50' },
  ]

  test('is told by category, amortized, by day and by month; what stands out is told', async () => {
    await deliver(bills.source, { account, month: '2026-09', lines: usageLines(30, { account, month: '2026-09' }) })
    await deliver(bills.source, { account, lines: october, at: '2026-11-02T00:00:00Z' })
    expect((await bills.run()).failed).toEqual([])
    const categories = await bills.rows(`
      SELECT charge_category AS category, sum(billed_cost)::VARCHAR AS billed, sum(effective_cost)::VARCHAR AS effective
      FROM lake.billing_published.monthly_costs WHERE billing_month = '2026-10' GROUP BY ALL ORDER BY ALL`)
    const money = (text: string) => `${text}${'0'.repeat(18 - (text.split('.')[1]?.length ?? 0))}`
    expect(categories).toEqual([
      { category: 'Adjustment', billed: money('-0.5'), effective: money('-0.5') },
      { category: 'Credit', billed: money('-3.0'), effective: money('-3.0') },
      { category: 'Purchase', billed: money('8.0'), effective: money('1.0') },
      { category: 'Tax', billed: money('1.9'), effective: money('1.9') },
      { category: 'Usage', billed: money('72.5'), effective: money('79.5') },
    ])
    const [commit] = await bills.rows(
      'SELECT utilization, used_cost::DOUBLE AS used, unused_cost::DOUBLE AS unused FROM lake.billing_published.commitments',
    )
    expect(commit).toEqual({ utilization: 0.875, used: 7, unused: 1 })
    const [coverage] = await bills.rows(
      'SELECT covered_cost::DOUBLE AS covered, on_demand_cost::DOUBLE AS on_demand FROM lake.billing_published.commitment_coverage',
    )
    expect(coverage).toEqual({ covered: 7, on_demand: 72.5 })
    const anomalies = await bills.rows('SELECT charge_date, reason FROM lake.billing_published.anomalies')
    expect(anomalies).toEqual([
      {
        charge_date: '2026-10-16',
        reason: '25.00 USD on 2026-10-16, where 2.50 is usual and 9.50 the most of the 28 days before',
      },
    ])
    const [mover] = await bills.rows(
      'SELECT service_name, previous_month, change_cost::DOUBLE AS change, change_share FROM lake.billing_published.month_changes WHERE mover_rank = 1',
    )
    expect(mover).toEqual({ service_name: 'AmazonRDS', previous_month: '2026-09', change: 78.9, change_share: null })
    const [gone] = await bills.rows(
      `SELECT count(*)::INTEGER AS n FROM lake.billing_published.month_changes WHERE effective_cost = 0 AND previous_cost > 0`,
    )
    expect(gone).toEqual({ n: 3 })
  })

  test('what a delivery restates is told from the two snapshots, and the old names show the new lines', async () => {
    const restated = october
      .map((line, index) => (index === 0 ? { ...line, line_item_unblended_cost: '3.75' } : line))
      .slice(0, -1)
    await deliver(bills.source, {
      account,
      version: 'v2',
      at: '2026-11-09T00:00:00Z',
      lines: [...restated, { ...common('Usage', '30', 99), line_item_unblended_cost: '1.00' }],
    })
    expect((await bills.run()).failed).toEqual([])
    const rows = await bills.rows(`
      SELECT version_id, previous_version_id, service_name, change_cost::DOUBLE AS change, lines_added::INTEGER AS added,
        lines_removed::INTEGER AS removed, lines_changed::INTEGER AS changed
      FROM lake.billing_published.restatements`)
    expect(rows).toEqual([
      {
        version_id: 'v2',
        previous_version_id: 'v1',
        service_name: 'AmazonRDS',
        change: 2.75,
        added: 1,
        removed: 1,
        changed: 1,
      },
    ])
    for (const view of ['billing_2026_10', `aws_billing_${account}_2026_10`]) {
      const [row] = await bills.rows(
        `SELECT count(*)::INTEGER AS n, max(version_id) AS version FROM lake.aws_billing.${view}`,
      )
      expect(row, view).toEqual({ n: october.length, version: 'v2' })
    }
  })

  test('tags: each adds up to the month; what bears none is told', async () => {
    const rows = await bills.rows(`
      SELECT tag_key AS key, sum(billed_cost) = (SELECT sum(billed_cost) FROM lake.billing_published.monthly_costs WHERE billing_month = '2026-09') AS whole
      FROM lake.billing_published.tag_costs WHERE billing_month = '2026-09' GROUP BY ALL ORDER BY ALL`)
    expect(rows).toEqual([
      { key: '', whole: false },
      { key: 'user_team', whole: true },
    ])
    const [untagged] = await bills.rows(`
      SELECT (SELECT sum(billed_cost) FROM lake.billing_published.tag_costs WHERE billing_month = '2026-09' AND tag_key = '')
        = (SELECT sum(billed_cost) FROM lake.billing_published.charges WHERE billing_month = '2026-09' AND coalesce(cardinality(tags), 0) = 0) AS same`)
    expect(untagged).toEqual({ same: true })
  })
})
