import { expect, test } from 'vitest'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import { SilverBench, swap } from './silver_derivation.js'

test('tables come out with the columns they define', async () => {
  const bench = await SilverBench.open()
  await bench.load([
    swap({ block_time: new Date('2026-11-20T00:00:00Z') }),
    swap({
      block_time: new Date('2026-11-20T00:01:00Z'),
      base_change_raw: -1_000_000n,
      quote_change_raw: 2_000_000_000n,
    }),
  ])
  await bench.derive('2026-11-21T06:00:00Z')
  for (const table of tradersSilver.tables) {
    const described = await bench.query(`DESCRIBE "derived ${table.name}"`)
    const types = Object.fromEntries(described.map((row) => [row['column_name'], row['column_type']]))
    const defined = Object.entries(table.columns).map(([name, { sql }]) => [
      name,
      sql === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : sql,
    ])
    expect.soft(types).toEqual(Object.fromEntries(defined))
    expect.soft(await bench.brokenChecks(table)).toEqual([])
  }
})
