import { afterAll, beforeAll, expect, test } from 'vitest'
import { diffTable } from '../../infra/lake/table_diff.js'
import { charges } from '../../schemas/billing/silver/charges.js'
import { deliver, exactTotal, type Line, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

const account = '777777777777'
let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

test('the bill of a month is known as of three dates, and how they differ', async () => {
  const early = usageLines(40, { account })
  const late: Line[] = [...early, ...usageLines(50, { account }).slice(40)]
  const corrected = late
    .map((line, index) => (index < 5 ? { ...line, line_item_unblended_cost: '0.0000000001' } : line))
    .slice(1)
  const snapshots: number[] = []
  for (const [index, lines] of [early, late, corrected].entries()) {
    await deliver(bills.source, { account, version: `v${index}`, at: `2026-11-0${index + 1}T00:00:00Z`, lines })
    const run = await bills.run()
    expect(run.failed).toEqual([])
    snapshots.push(run.snapshotId ?? 0)
  }
  const [first = 0, second = 0, third = 0] = snapshots
  const at = (snapshot: number) => `FROM lake.${charges.name} AT (VERSION => ${snapshot})`
  for (const [index, lines] of [early, late, corrected].entries()) {
    const [row] = await bills.rows(
      `SELECT CAST(sum(billed_cost) AS VARCHAR) AS total, count(*)::INTEGER AS n ${at(snapshots[index] ?? 0)}`,
    )
    expect(BigInt(String(row?.['total']).replace('.', ''))).toBe(exactTotal(lines))
    expect(row?.['n']).toBe(lines.length)
  }
  const between = (from: number, to: number) =>
    bills.lake.session((session) => diffTable(session, charges, `SELECT * ${at(from)}`, `SELECT * ${at(to)}`))
  // Every line that stays says which delivery it is of.
  expect(await between(first, second)).toMatchObject({ added: 10, removed: 0, columns: { version_id: 40 } })
  expect(await between(second, third)).toMatchObject({
    added: 0,
    removed: 1,
    columns: { version_id: 49, billed_cost: 4 },
  })
  expect(await between(first, third)).toMatchObject({ added: 10, removed: 1, columns: { billed_cost: 4 } })
  const restated = await bills.rows(`
    SELECT version_id AS version, sum(lines_added)::INTEGER AS added, sum(lines_removed)::INTEGER AS removed,
      sum(lines_changed)::INTEGER AS changed, CAST(sum(change_cost) AS VARCHAR) AS change
    FROM lake.billing_published.restatements GROUP BY ALL ORDER BY ALL`)
  const change = (from: readonly Line[], to: readonly Line[]) => exactTotal(to) - exactTotal(from)
  expect(restated.map((row) => ({ ...row, change: BigInt(String(row['change']).replace('.', '')) }))).toEqual([
    { version: 'v1', added: 10, removed: 0, changed: 0, change: change(early, late) },
    { version: 'v2', added: 0, removed: 1, changed: 4, change: change(late, corrected) },
  ])
})
