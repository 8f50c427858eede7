import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, type Line, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

let bills: Bills
beforeAll(async () => {
  bills = await openBills()
})
afterAll(() => bills.close())

const account = '555555555555'
const good = usageLines(12, { account })
let versions = 0

/** Delivers one more version of the month and loads it; resolves to what the run says. */
const next = async (delivery: Partial<Parameters<typeof deliver>[1]>) => {
  versions += 1
  const at = new Date(Date.UTC(2026, 10, 1 + versions)).toISOString()
  await deliver(bills.source, { account, lines: good, version: `v${versions}`, at, ...delivery })
  return bills.run()
}
const state = async () => {
  const [row] = await bills.rows(
    `SELECT status, error, unknown_columns, dropped_columns FROM lake.billing_bronze.load_states ORDER BY logical_run DESC LIMIT 1`,
  )
  return row
}
const inForce = async () =>
  (await bills.rows(`SELECT DISTINCT version_id AS version FROM lake.billing_bronze.line_items`)).map(
    ({ version }) => version,
  )

describe('what a delivery may change', () => {
  test('a new column is kept in the map of the unknown, and reported', async () => {
    await next({})
    expect((await next({ lines: good.map((line) => ({ ...line, brandnew_thing: 'x' })) })).failed).toEqual([])
    expect(await state()).toMatchObject({ status: 'completed', unknown_columns: ['brandnew/Thing'] })
    const [row] = await bills.rows(
      `SELECT other_columns['brandnew/Thing'] AS value FROM lake.billing_bronze.line_items LIMIT 1`,
    )
    expect(row).toEqual({ value: 'x' })
  })

  test('a column that is dropped is reported', async () => {
    expect((await next({ lines: good.map(({ line_item_usage_amount: _, ...line }) => line) })).failed).toEqual([])
    expect(await state()).toMatchObject({ dropped_columns: ['lineItem/UsageAmount', 'brandnew/Thing'] })
  })

  test('a month without lines is empty', async () => {
    const header: Line = Object.fromEntries(Object.keys(good[0] ?? {}).map((name) => [name, '']))
    expect((await next({ lines: [header], damage: () => gzipOfHeader(header) })).failed).toEqual([])
    expect(await inForce()).toEqual([])
    await next({})
  })
})

const gzipOfHeader = (header: Line): Buffer => gzipSync(`${Object.keys(header).join(',')}\n`)

describe('what is refused, and leaves the month as it was', () => {
  const changed = (change: Line) => good.map((line, index) => (index === 3 ? { ...line, ...change } : line))
  test.each([
    [
      'an amount of another type',
      { lines: changed({ line_item_unblended_cost: 'n/a' }) },
      'Could not convert string "n/a" to DECIMAL(38,18) when casting from source column lineItem/UnblendedCost',
    ],
    [
      'an amount with more decimals than are kept',
      { lines: changed({ line_item_unblended_cost: '0.1234567890123456789' }) },
      '0.1234567890123456789',
    ],
    [
      'a time of another type',
      { lines: changed({ line_item_usage_start_date: 'October' }) },
      'invalid timestamp field format: "October"',
    ],
    [
      'no amount at all',
      { lines: changed({ line_item_unblended_cost: '' }) },
      '"a line has a cost" does not hold for 1 of 12',
    ],
    ['a line that comes twice', { lines: [...good, ...good.slice(0, 2)] }, '"key is unique" does not hold for 2 of 14'],
    [
      'two currencies',
      { lines: changed({ line_item_currency_code: 'EUR' }) },
      '"one currency per account and month" does not hold',
    ],
    [
      'use of another month',
      { lines: changed({ line_item_usage_start_date: '2026-11-01T00:00:00Z' }) },
      '"usage begins inside the billing month"',
    ],
    [
      'another month’s line',
      { lines: changed({ bill_billing_period_start_date: '2026-09-01T00:00:00Z' }) },
      '"a line is of its billing month"',
    ],
    [
      'another payer’s line',
      { lines: changed({ bill_payer_account_id: '999999999999' }) },
      '"a line is of its account"',
    ],
    [
      'fewer lines than the manifest counts',
      { manifest: { recordCount: 13 } },
      '"as many lines as the manifest says" does not hold',
    ],
    ['a file that is missing', { damage: () => undefined }, 'daily-00001.csv.gz, which is not in'],
    [
      'a file that was cut off',
      { damage: (bytes: Buffer) => bytes.subarray(0, bytes.length - 9) },
      'is truncated or damaged',
    ],
    ['files that are no report', { lines: [{ a: '1', b: '2' }] }, 'neither identity_line_item_id nor BilledCost'],
  ] as const)('%s', async (_, delivery, message) => {
    const before = await inForce()
    const { failed } = await next(delivery)
    expect(failed[0]).toContain(message)
    expect(await state()).toMatchObject({ status: 'failed', error: failed[0] })
    expect(await inForce()).toEqual(before)
  })

  test('and a good one after them is loaded', async () => {
    expect((await next({})).failed).toEqual([])
    expect(await inForce()).toEqual([`v${versions}`])
  })
})
