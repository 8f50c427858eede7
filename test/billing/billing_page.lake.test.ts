import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from '../../worker/api/api.js'
import { apiDependencies } from '../api/api_dependencies.js'
import { deliver, type Line, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

const account = '777777777777'
let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

const page = async (query = '') => {
  const api = createApi(apiDependencies({ lake: bills.lake, log: console.error }))
  const reply = await api.request(`/billing${query}`, { headers: { accept: 'text/html', host: 'localhost' } })
  expect(reply.status).toBe(200)
  return reply.text()
}
const costing = (lines: readonly Line[], cost: string): Line[] =>
  lines.map((line) => ({ ...line, line_item_unblended_cost: cost }))

test('the page shows what a month costs, what was known of it before, and what was refused', async () => {
  expect(await page()).toContain('No bill is published yet')
  const september = costing(usageLines(10, { account, month: '2026-09' }), '1.00')
  const october = usageLines(10, { account })
  await deliver(bills.source, { account, month: '2026-09', lines: september })
  const snapshots: number[] = []
  for (const [index, cost] of ['2.00', '1234.50', '3.00'].entries()) {
    const at = `2026-11-0${index + 1}T00:00:00Z`
    await deliver(bills.source, { account, version: `v${index}`, at, lines: costing(october, cost) })
    snapshots.push((await bills.run()).snapshotId ?? 0)
  }
  await deliver(bills.source, {
    ...{ account, month: '2026-08', at: '2026-11-04T00:00:00Z' },
    lines: costing(usageLines(3, { account, month: '2026-08' }), 'a lot'),
  })
  expect((await bills.run()).failed).toHaveLength(1)

  const now = await page()
  const figure = (name: string, html: string) =>
    new RegExp(`<dt>${name}</dt><dd>([^<]*)<small>([^<]*)</small>`).exec(html)?.slice(1)
  expect(figure('Billed', now)).toEqual(['30.00', 'USD'])
  expect(figure('Since the month before', now)).toEqual(['+20.00', '2026-09'])
  expect(figure('Restated', now)).toEqual(['2', '20.00 to 12,345.00'])
  expect(now).toMatch(/Billed from 2026-09 to 2026-10: 10\.00 to 30\.00 USD/)
  expect(now).toMatch(/badge bad">failed/)
  // It is published one snapshot after it is made.
  expect(figure('Billed', await page(`?asOf=${(snapshots[0] ?? 0) + 1}`))).toEqual(['20.00', 'USD'])
  expect(figure('Billed', await page(`?month=2026-09`))).toEqual(['10.00', 'USD'])
  expect(await page('?account=1')).toContain('No bill is published yet for this account')
})
