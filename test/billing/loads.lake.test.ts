import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, exactTotal, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

const stored = async (where: string) =>
  Number((await bills.rows(`SELECT count(*) AS n FROM lake.billing_bronze.line_items WHERE ${where}`))[0]?.['n'])
const expectTotal = async (account: string, total: bigint) =>
  expect(await bills.totals(account), account).toEqual([total, total, total, total])

describe('a month follows its deliveries', () => {
  const account = '111111111111'
  const lines = usageLines(60)
  const restated = [...usageLines(58, { scale: 2 }), ...usageLines(70).slice(65)]

  test('whole and exact in every layer; twice is once; a newer one supersedes; an older one is refused', async () => {
    await deliver(bills.source, { lines, files: 3, at: '2026-11-02T00:00:00Z' })
    expect(await bills.run()).toMatchObject({ planned: 1, failed: [], refused: [] })
    await expectTotal(account, exactTotal(lines))

    const before = await bills.rows('SELECT max(snapshot_id) AS id FROM lake.snapshots()')
    expect(await bills.run()).toMatchObject({ planned: 0, refused: [] })
    expect(await bills.rows('SELECT max(snapshot_id) AS id FROM lake.snapshots()')).toEqual(before)

    await deliver(bills.source, { lines: restated, version: 'v2', at: '2026-11-09T00:00:00Z' })
    expect(await bills.run()).toMatchObject({ planned: 1, failed: [] })
    await expectTotal(account, exactTotal(restated))

    await deliver(bills.source, { lines, version: 'v0', at: '2026-10-20T00:00:00Z' })
    const late = await bills.run()
    expect(late).toMatchObject({ planned: 0 })
    expect(late.refused[0]).toContain('v0 of 111111111111 2026-10 is older than v2')
    expect(await bills.run({ force: true, versions: ['v0'] })).toMatchObject({ planned: 1, failed: [] })
    await expectTotal(account, exactTotal(lines))
    // What was asked for stays until AWS delivers something new.
    expect(await bills.run({ versions: ['v2'] })).toMatchObject({ planned: 0 })
  })

  test('and no other month or account; another export’s delivery is refused', async () => {
    const september = usageLines(30, { month: '2026-09' })
    await deliver(bills.source, { month: '2026-09', lines: september, version: 's1' })
    expect(await bills.run()).toMatchObject({ planned: 1, failed: [] })
    await deliver(bills.source, { lines: [], version: 'v3', at: '2026-11-19T00:00:00Z', files: 0 })
    await deliver(bills.source, { month: '2026-09', exportName: 'hourly', lines: september, version: 'h1' })
    const run = await bills.run()
    expect(run).toMatchObject({ planned: 1, failed: [] })
    expect(run.refused[0]).toContain('is of the export hourly, and the month was loaded from daily')
    expect(await stored(`billing_month = '2026-10' AND account_id = '${account}'`)).toBe(0)
    await expectTotal(account, exactTotal(september))
  })
})

test('several accounts become one snapshot, or none of them is loaded', async () => {
  const accounts = ['222222222221', '222222222222', '222222222223']
  const deliverAll = async (version: string, at: string, damaged?: string) => {
    for (const account of accounts)
      await deliver(bills.source, {
        account,
        version,
        at,
        lines: usageLines(20, { account, scale: version === 'one' ? 1 : 3 }),
        ...(account === damaged ? { damage: (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1) } : {}),
      })
  }
  await deliverAll('one', '2026-11-02T00:00:00Z')
  const first = await bills.run({ accounts, atomic: 'all' })
  expect(first.loads[0]?.receipt.rows).toMatchObject({ 'billing_bronze.line_items': 60 })
  await deliverAll('two', '2026-11-09T00:00:00Z', accounts[1])
  const second = await bills.run({ accounts, atomic: 'all' })
  expect(second.failed[0]).toContain('is truncated or damaged')
  expect(await stored("version_id = 'one'")).toBe(60)
  expect(await stored("version_id = 'two'")).toBe(0)
  // The others are loaded where each stands for itself.
  const third = await bills.run({ accounts })
  expect(third).toMatchObject({ planned: 3 })
  expect(third.failed).toHaveLength(1)
  expect(await stored("version_id = 'one'")).toBe(20)
  expect(await stored("version_id = 'two'")).toBe(40)
  const states = await bills.rows(
    `SELECT status, count(*)::INTEGER AS n FROM lake.billing_bronze.load_states WHERE version_id = 'two' GROUP BY ALL ORDER BY ALL`,
  )
  expect(states).toEqual([
    { status: 'completed', n: 2 },
    { status: 'failed', n: 4 },
  ])
})

describe('what a delivery looks like', () => {
  test('decides nothing: layouts, spellings, CSV and Parquet, maps and structs', async () => {
    const shapes = [
      { layout: 'create_new_report', spelling: 'slash', format: 'csv.gz' },
      { layout: 'overwrite_report', spelling: 'underscore', format: 'csv.gz' },
      { layout: 'data_export', spelling: 'underscore', format: 'csv.gz', manifest: { exportArn: undefined } },
      { layout: 'overwrite_report', spelling: 'underscore', format: 'parquet' },
      { layout: 'create_new_report', spelling: 'glued', format: 'csv.gz' },
      {
        layout: 'data_export',
        spelling: 'underscore',
        format: 'parquet',
        select: `SELECT * EXCLUDE (product_region, resource_tags_user_team)
          REPLACE (CAST(line_item_unblended_cost AS DOUBLE) AS line_item_unblended_cost,
            CAST(line_item_usage_start_date AS TIMESTAMP) AS line_item_usage_start_date,
            CAST(bill_billing_period_start_date AS TIMESTAMP) AS bill_billing_period_start_date),
          CASE WHEN resource_tags_user_team IS NULL THEN MAP {} ELSE MAP {'user_team': resource_tags_user_team} END AS resource_tags,
          {'region': product_region, 'nothing': NULL::VARCHAR} AS product FROM lines`,
      },
    ] as const
    const accounts = shapes.map((_, index) => `33333333333${index}`)
    const total = exactTotal(usageLines(40))
    for (const [index, shape] of shapes.entries()) {
      const account = accounts[index] ?? ''
      await deliver(bills.source, { ...shape, account, version: `shape${index}`, lines: usageLines(40, { account }) })
    }
    expect(await bills.run({ accounts })).toMatchObject({ planned: shapes.length, failed: [] })
    for (const account of accounts) await expectTotal(account, total)
    const seen = await bills.rows(`
      SELECT count(DISTINCT region_id)::INTEGER AS regions, count(coalesce(tags['user_team'], tags['userteam']))::INTEGER AS tagged,
        min(coalesce(tags['user_team'], tags['userteam'])) AS tag
      FROM lake.billing_silver.charges WHERE billing_account_id LIKE '33333333333%' GROUP BY billing_account_id`)
    expect(seen).toEqual(shapes.map(() => ({ regions: 2, tagged: 30, tag: 'team, "1"' })))
  })
})

test('a manifest that cannot be read keeps no other from being loaded, unless all or nothing is asked for', async () => {
  const account = '888888888888'
  const lines = usageLines(5, { account, month: '2026-07' })
  await deliver(bills.source, { account, month: '2026-07', exportName: 'readable', lines })
  const broken = path.join(bills.source, 'broken', '20260701-20260801', 'broken-Manifest.json')
  await mkdir(path.dirname(broken), { recursive: true })
  await writeFile(broken, '{"assemblyId": "cut o')
  await expect(bills.run({ months: ['2026-07'], atomic: 'all' })).rejects.toThrow(/broken-Manifest\.json: is not JSON/)
  expect(await stored(`account_month = '${account}/2026-07'`)).toBe(0)
  const run = await bills.run({ months: ['2026-07'] })
  expect(run).toMatchObject({ planned: 1, failed: [expect.stringMatching(/broken-Manifest\.json: is not JSON$/)] })
  await expectTotal(account, exactTotal(lines))
  expect((await bills.run({ months: ['2026-07'] })).failed).toHaveLength(1)
  await rm(broken)
})
