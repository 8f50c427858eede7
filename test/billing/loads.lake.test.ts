import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, exactTotal, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

const total = async (relation: string, column: string): Promise<bigint> => {
  const [row] = await bills.rows(
    `SELECT coalesce(sum(${column}), 0) * 1000000000000000000::DECIMAL(38,0) AS units FROM (SELECT CAST(sum(${column}) AS DECIMAL(38,18)) AS ${column} FROM lake.${relation})`,
  )
  return BigInt(String(row?.['units']).split('.')[0] ?? 0)
}

describe('a delivery', () => {
  const lines = usageLines(500)

  test('is loaded whole, exact to the last unit, in every layer', async () => {
    await deliver(bills.source, { lines, files: 3 })
    const run = await bills.run()
    expect(run).toMatchObject({ planned: 1, failed: [], refused: [] })
    for (const [relation, column] of [
      ['billing_bronze.line_items', 'line_item_unblended_cost'],
      ['billing_silver.charges', 'billed_cost'],
      ['billing_gold.monthly_costs', 'billed_cost'],
      ['billing_published.monthly_costs', 'billed_cost'],
    ] as const)
      expect(await total(relation, column), relation).toBe(exactTotal(lines))
  })
})
