import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, type Line } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

const folder = fileURLToPath(new URL('../../../shared/data/aws_cur', import.meta.url))
const isThere = existsSync(folder)
if (!isThere) process.stderr.write(`skipped: the real bills are not in ${folder}\n`)

/** RFC 4180, by hand: the tool that totals are compared with is not the one that loads. */
const parseCsv = (text: string): string[][] => {
  const rows: string[][] = []
  let [row, field, quoted]: [string[], string, boolean] = [[], '', false]
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    if (quoted) {
      if (letter !== '"') field += letter
      else if (text[at + 1] === '"') {
        field += '"'
        at += 1
      } else quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === ',' || letter === '\n') {
      row.push(field.replace(/\r$/, ''))
      field = ''
      if (letter === '\n') {
        rows.push(row)
        row = []
      }
    } else field += letter
  }
  if (field !== '' || row.length > 0) rows.push([...row, field])
  return rows
}

const read = (name: string): { header: string[]; lines: Line[] } => {
  const [header = [], ...rows] = parseCsv(gunzipSync(readFileSync(path.join(folder, name))).toString('utf8'))
  return {
    header,
    lines: rows.map((row) => Object.fromEntries(header.map((column, index) => [column, row[index] ?? '']))),
  }
}

/** `-1.81E-8` in units of 10^-18, by digits alone. */
const units = (text: string): bigint => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d*)\.?(\d*)(?:E(-?\d+))?$/i.exec(text) ?? []
  const decimals = fraction.length - Number(exponent)
  const value = BigInt(whole + fraction || '0') * 10n ** BigInt(18 - decimals)
  return sign === '-' ? -value : value
}
const sum = (lines: readonly Line[], column: string): bigint =>
  lines.reduce((total, line) => total + units(line[column] ?? ''), 0n)

describe.skipIf(!isThere)('real bills', () => {
  let bills: Bills
  beforeAll(async () => {
    bills = await openBills()
  })
  afterAll(() => bills.close())

  test('a report of 1,281 lines costs what its text adds up to', async () => {
    const { lines } = read('cur1_focus_converters_anonymous.csv.gz')
    const account = '123412340534'
    await deliver(bills.source, { account, month: '2023-11', lines, spelling: 'underscore' })
    expect(await bills.run()).toMatchObject({ planned: 1, failed: [] })
    const total = sum(lines, 'lineItem/UnblendedCost')
    expect(lines).toHaveLength(1_281)
    expect(total).toBe(1_682_308_697_400_000_000n)
    expect(await bills.totals(account)).toEqual([total, total, total, total])
    const [row] = await bills.rows(
      `SELECT unknown_columns, len(source_columns) AS columns FROM lake.billing_bronze.load_states`,
    )
    expect(row).toEqual({ unknown_columns: [], columns: '94' })
  })

  test('FOCUS rows of three accounts cost what their text adds up to', async () => {
    const { lines } = read('focus_1.0_sample.csv.gz')
    const months = groupBy(lines, monthOf)
    for (const [accountMonth, some] of months) {
      const [account = '', month = ''] = accountMonth.split('|')
      await deliver(bills.source, {
        account,
        month,
        exportName: 'focus',
        version: accountMonth,
        layout: 'data_export',
        lines: some,
        spelling: 'underscore',
      })
    }
    expect(await bills.run({ export: 'focus' })).toMatchObject({ planned: months.size, failed: [] })
    const total = sum(lines, 'BilledCost')
    expect(total).toBe(20_520_226_728_990_000_000n)
    const found = await bills.rows(
      `SELECT CAST(sum(billed_cost) AS VARCHAR) AS total, count(*)::INTEGER AS n FROM lake.billing_published.charges WHERE line_id LIKE 'focus-%'`,
    )
    expect(found).toEqual([{ total: '20.520226728990000000', n: 1_000 }])
    const effective = await bills.rows(
      `SELECT CAST(sum(effective_cost) AS VARCHAR) AS total FROM lake.billing_published.charges WHERE line_id LIKE 'focus-%'`,
    )
    expect(BigInt(String(effective[0]?.['total']).replace('.', ''))).toBe(sum(lines, 'EffectiveCost'))
    const [tagged] = await bills.rows(
      `SELECT count(*)::INTEGER AS n FROM lake.billing_published.charges WHERE tags['environment'] = 'dev'`,
    )
    expect(tagged).toEqual({ n: lines.filter(({ Tags = '' }) => Tags.includes('"environment": "dev"')).length })
  })
})

const monthOf = ({ BillingAccountId = '', BillingPeriodStart = '' }: Line): string =>
  `${BillingAccountId}|${BillingPeriodStart.slice(0, 7)}`

const groupBy = (lines: readonly Line[], key: (line: Line) => string): Map<string, Line[]> => {
  const groups = new Map<string, Line[]>()
  for (const line of lines) groups.set(key(line), [...(groups.get(key(line)) ?? []), line])
  return groups
}
