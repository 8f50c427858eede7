import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { traders } from '../../schemas/traders/index.js'
import { openScratchLake, type ScratchLake } from '../lake/scratch_lake.js'
import { asOf, contents, derive, load, rows } from './traders_run.js'

describe('silver derived run by run', () => {
  let byRun: ScratchLake
  let whole: ScratchLake
  beforeAll(async () => {
    byRun = await openScratchLake(traders.stages)
    whole = await openScratchLake(traders.stages)
  })
  afterAll(async () => {
    await byRun.close()
    await whole.close()
  })

  test('equals silver derived at once, and recomputes only the wallets whose inputs changed', async () => {
    const { lake } = byRun
    const first = await load(lake, 'first', rows(0, 60))
    await derive(lake, first.snapshotId, asOf(60))
    const second = await load(lake, 'second', [...rows(60, 90, [1, 5]), ...rows(90, 95, [2])])
    const partial = await derive(lake, second.snapshotId, asOf(93))
    const recomputed = await lake.session((session) =>
      session.all('SELECT DISTINCT wallet_address FROM lake.traders_silver.trades WHERE snapshot_id = $id ORDER BY 1', {
        id: BigInt(partial.snapshotId),
      }),
    )
    expect(recomputed).toEqual(['01', '02', '05'].map((n) => ({ wallet_address: `wallet-${n}` })))
    const third = await load(lake, 'third', rows(95, 100, [3]))
    await derive(lake, third.snapshotId, asOf(100))

    const all = await load(whole.lake, 'all', [
      ...rows(0, 60),
      ...rows(60, 90, [1, 5]),
      ...rows(90, 95, [2]),
      ...rows(95, 100, [3]),
    ])
    await derive(whole.lake, all.snapshotId, asOf(100))
    expect(await contents(byRun.lake)).toEqual(await contents(whole.lake))
  })

  test('takes in what an earlier run had left out as too late', async () => {
    const count = () =>
      byRun.lake.session(async (session) =>
        Number(
          (await session.one(`SELECT count(*) AS n FROM lake.traders_silver.trades WHERE tx_hash LIKE 'tx-2-%'`))['n'],
        ),
      )
    expect(await count()).toBe(65)
    const last = await load(byRun.lake, 'late', rows(200, 201, [2]))
    await derive(byRun.lake, last.snapshotId, asOf(150))
    expect(await count()).toBe(65)
    await derive(byRun.lake, last.snapshotId, asOf(250))
    expect(await count()).toBe(66)
  })

  test('derives the same rows again when it is told to derive everything', async () => {
    const before = await contents(byRun.lake)
    const { id } = await byRun.lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    await derive(byRun.lake, Number(id), asOf(250), { everything: true })
    expect(await contents(byRun.lake)).toEqual(before)
  })

  test('derives an earlier time again from the same lake', async () => {
    const { id } = await byRun.lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    await derive(byRun.lake, Number(id), asOf(59))
    const early = await openScratchLake(traders.stages)
    const loaded = await load(early.lake, 'early', rows(0, 60))
    await derive(early.lake, loaded.snapshotId, asOf(59))
    expect(await contents(byRun.lake)).toEqual(await contents(early.lake))
    await early.close()
  })
})
