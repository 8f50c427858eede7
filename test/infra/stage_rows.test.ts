import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { stageRows } from '../../infra/stage_rows.js'
import { bigint, boolean, double, integer, nullable, rawAmount, text, timestamp, usd } from '../../schemas/column.js'
import { defineTable, type Row } from '../../schemas/table.js'

const everyType = defineTable('test_bronze.every_type', {
  dataset: { purpose: 'test', subject: 'type', grain: 'row' },
  grain: 'One row.',
  columns: {
    name: nullable(text),
    flag: nullable(boolean),
    small: nullable(integer),
    large: nullable(bigint),
    ratio: nullable(double),
    at: nullable(timestamp),
    amount: nullable(rawAmount),
    money: nullable(usd),
  },
  key: ['name'],
  checks: {},
  example: { name: '', flag: null, small: null, large: null, ratio: null, at: null, amount: null, money: null },
})
type Every = Row<typeof everyType>

const nothing: Every = {
  name: null,
  flag: null,
  small: null,
  large: null,
  ratio: null,
  at: null,
  amount: null,
  money: null,
}
const extremes: Every = {
  name: `it's "ü" \u0000 and 日本 ${'x'.repeat(5_000)}`,
  flag: false,
  small: -(2 ** 31),
  large: 2n ** 63n - 1n,
  ratio: 0.1 + 0.2,
  at: new Date('2026-11-20T12:00:00.123Z'),
  amount: -(10n ** 38n) + 1n,
  money: '-99999999999999999999999999.000000000001',
}

const staged = async (rows: Iterable<Every | readonly Every[]> | AsyncIterable<Every>) => {
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run("SET TimeZone = 'UTC'")
  const count = await stageRows(connection, 'staged', everyType, rows)
  return { connection, count }
}

test('every type keeps its extremes and its NULLs', async () => {
  const { connection, count } = await staged([extremes, nothing, { ...nothing, money: '-0.5', amount: 0n, flag: true }])
  expect(count).toBe(3)
  const rows = (await connection.runAndReadAll('FROM staged')).getRowObjectsJson()
  expect(rows).toEqual([
    {
      ...extremes,
      large: '9223372036854775807',
      at: '2026-11-20 12:00:00.123+00',
      amount: `-${'9'.repeat(38)}`,
    },
    nothing,
    { ...nothing, money: '-0.500000000000', amount: '0', flag: true },
  ])
})

test('keeps order and count over many chunks, from a stream', async () => {
  const total = 2048 * 3 + 1
  const source = async function* () {
    for (let index = 0; index < total; index += 1) yield { ...nothing, small: index, name: `row ${index}` }
  }
  const { connection, count } = await staged(source())
  expect(count).toBe(total)
  const [row] = (
    await connection.runAndReadAll(
      `SELECT count(*) AS n, count(*) FILTER (WHERE name = 'row ' || small AND small = rowid) AS right FROM staged`,
    )
  ).getRowObjectsJson()
  expect(row).toEqual({ n: String(total), right: String(total) })
})

test('strings that repeat are kept to the last character, whatever they hold', async () => {
  const unpaired = ['\ud800', '\udc00']
  for (const some of [['', 'Bonk', '日本', null], ['🐶', 'x'], [null], ['a\u0000b', 'a\u0000c'], unpaired]) {
    const names = Array.from({ length: 300 }, (_, index) => some[index % some.length] ?? null)
    const { connection } = await staged(names.map((name) => ({ ...nothing, name })))
    const rows = (await connection.runAndReadAll('SELECT name FROM staged')).getRowObjectsJson()
    const stored = names.map((name) => (unpaired.includes(name ?? '') ? '\ufffd' : name))
    expect(rows.map(({ name }) => name)).toEqual(stored)
  }
})

test('pages and rows may come mixed', async () => {
  const { connection, count } = await staged([[nothing, extremes], extremes, []])
  expect(count).toBe(3)
  const [row] = (await connection.runAndReadAll('SELECT count(name) AS n FROM staged')).getRowObjectsJson()
  expect(row).toEqual({ n: '2' })
})

test('an empty source gives an empty table', async () => {
  const { connection, count } = await staged([])
  expect(count).toBe(0)
  expect((await connection.runAndReadAll('FROM staged')).getRowObjectsJson()).toEqual([])
})

test('an error of the source leaves no table, and the name can be used again', async () => {
  const connection = await (await DuckDBInstance.create()).connect()
  const failing = function* (): Generator<Every> {
    for (let index = 0; index < 5_000; index += 1) yield nothing
    throw new Error('the source broke')
  }
  await expect(stageRows(connection, 'staged', everyType, failing())).rejects.toThrow('the source broke')
  expect(await stageRows(connection, 'staged', everyType, [nothing])).toBe(1)
})

test('money with more decimals than its column is refused, not rounded', async () => {
  await expect(staged([{ ...nothing, money: '0.0000000000001' }])).rejects.toThrow('more than 12 decimals')
})
