import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { stageRows } from '../../infra/stage_rows.js'
import type { Row, Table } from '../../schemas/table.js'
import { tradersBronze as bronze } from '../../schemas/traders/bronze/stage.js'
import { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'

const offending = async <T extends Table>(table: T, row: Row<T>) => {
  const connection = await (await DuckDBInstance.create()).connect()
  await stageRows<T>(connection, 'staged', table, [row])
  const found: string[] = []
  for (const [name, check] of Object.entries(table.checks)) {
    const [result] = (await connection.runAndReadAll(`SELECT ${check.offending} AS n FROM staged`)).getRowObjectsJson()
    if (result?.['n'] !== '0') found.push(name)
  }
  return found
}

describe.each([...bronze.tables, webhookSubscription])('$name', (table) => {
  test('its example is a row and passes its checks', async () => {
    expect(table.row.parse(table.example)).toEqual(table.example)
    expect(await offending(table, table.example)).toEqual([])
  })
  test('promises something beyond keys and required columns', () => {
    expect(Object.keys(table.checks).length).toBeGreaterThanOrEqual(5)
  })
})

const cursors = bronze.tables.find(({ name }) => name === 'traders_bronze.history_cursors') as Table
const holders = bronze.tables.find(({ name }) => name === 'traders_bronze.whale_holders') as Table
test.each([
  [cursors, { covered_from: null }, 'a range has both ends in order'],
  [cursors, { unfinished_before: new Date('2026-11-21T05:00:00Z') }, 'a gap lies between two ranges'],
  [holders, { owner_kind: 'pool' }, 'only wallets are traded on'],
  [holders, { holder_rank: null, top_trader_rank: null }, 'an owner holds or trades'],
  [
    webhookSubscription as Table,
    { webhook_url: 'https://me:secret@hooks.example.com/?key=1' },
    'the URL holds no secret',
  ],
  [webhookSubscription as Table, { webhook_id: null }, 'a confirmed webhook is named and active'],
])('%#: a row that breaks the promise "%s" is counted', async (table, change, check) => {
  expect(await offending(table, { ...table.example, ...change })).toContain(check)
})
