import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import { deriveStage } from '../../activities/derive.js'
import type { Receipt } from '../../activities/receipt.js'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import { stageRows } from '../../infra/stage_rows.js'
import type { Row } from '../../schemas/table.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { traders } from '../../schemas/traders/index.js'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import { openScratchLake, type ScratchLake } from '../lake/scratch_lake.js'

type Swap = Row<typeof transactionHistory>

const start = Date.parse('2026-11-01T00:00:00Z')
const hourMs = 3_600_000

/** Swap `n` of a wallet: buys and sales of three tokens against SOL, sizes and prices varied by n alone. */
const swap = (wallet: number, n: number): Swap => {
  const isBuy = n % 3 !== 2
  const quantity = BigInt(1_000 + ((wallet * 7_919 + n * 104_729) % 9_000))
  const lamports = BigInt(1_000_000 + ((wallet * 31 + n * 17) % 997) * 1_000)
  return {
    ...transactionHistory.example,
    wallet_address: `wallet-${String(wallet).padStart(2, '0')}`,
    tx_hash: `tx-${wallet}-${n}`,
    block_time: new Date(start + n * hourMs),
    block_number: BigInt(n),
    base_address: `token-${n % 2 === 0 ? wallet % 3 : 2}`,
    base_change_raw: isBuy ? quantity : -quantity,
    base_price_usd: null,
    quote_change_raw: isBuy ? -lamports : lamports,
    quote_price_usd: 150 + (n % 11),
    volume_usd: null,
  }
}

const asOf = (n: number): string => new Date(start + n * hourMs).toISOString()

const load = (lake: Lake, key: string, rows: readonly Swap[]): Promise<Receipt> =>
  commit(lake, {
    stage: tradersBronze,
    key: `load/${key}`,
    name: 'load',
    message: key,
    provenance: { pipeline: 'test', logicalRun: key, attempt: 1, codeVersion: 'test' },
    prepare: async (session) => {
      await stageRows(session.connection, 'swaps', transactionHistory, rows)
      return {
        writes: [{ table: transactionHistory, staged: quotedIdentifier('swaps'), replaces: { kind: 'nothing' } }],
        inputs: {},
      }
    },
  })

const derive = (lake: Lake, key: string, snapshotId: number, as_of: string, everything = false): Promise<Receipt> =>
  commit(lake, {
    stage: tradersSilver,
    key: `derive/${key}`,
    name: 'derive_silver',
    message: key,
    provenance: { pipeline: 'test', logicalRun: as_of, attempt: 1, codeVersion: 'test' },
    parameters: { as_of },
    prepare: (session) =>
      deriveStage(session, {
        stage: tradersSilver,
        step: 'derive_silver',
        snapshotId,
        parameters: { as_of },
        everything,
      }),
  })

/** Every row of every silver table, in order: equality here is equality to the last digit. */
const contents = (lake: Lake): Promise<unknown> =>
  lake.session(async (session) => {
    const tables: Record<string, unknown> = {}
    for (const { name, key } of tradersSilver.tables) {
      tables[name] = await session.all(`SELECT * FROM ${inLake(name)} ORDER BY ${key.map(quotedIdentifier).join(', ')}`)
    }
    return tables
  })

const wallets = Array.from({ length: 12 }, (_, wallet) => wallet)
const rows = (from: number, to: number, of: readonly number[] = wallets): Swap[] =>
  of.flatMap((wallet) => Array.from({ length: to - from }, (_, n) => swap(wallet, from + n)))

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
    await derive(lake, 'run 1', first.snapshotId, asOf(60))
    const second = await load(lake, 'second', [...rows(60, 90, [1, 5]), ...rows(90, 95, [2])])
    const partial = await derive(lake, 'run 2', second.snapshotId, asOf(93))
    const recomputed = await lake.session((session) =>
      session.all('SELECT DISTINCT wallet_address FROM lake.traders_silver.trades WHERE snapshot_id = $id ORDER BY 1', {
        id: BigInt(partial.snapshotId),
      }),
    )
    expect(recomputed).toEqual(['01', '02', '05'].map((n) => ({ wallet_address: `wallet-${n}` })))
    const third = await load(lake, 'third', rows(95, 100, [3]))
    await derive(lake, 'run 3', third.snapshotId, asOf(100))

    const all = await load(whole.lake, 'all', [
      ...rows(0, 60),
      ...rows(60, 90, [1, 5]),
      ...rows(90, 95, [2]),
      ...rows(95, 100, [3]),
    ])
    await derive(whole.lake, 'all', all.snapshotId, asOf(100))
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
    await derive(byRun.lake, 'run 4', last.snapshotId, asOf(150))
    expect(await count()).toBe(65)
    await derive(byRun.lake, 'run 5', last.snapshotId, asOf(250))
    expect(await count()).toBe(66)
  })

  test('derives the same rows again when it is told to derive everything', async () => {
    const before = await contents(byRun.lake)
    const { id } = await byRun.lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    await derive(byRun.lake, 'run 6', Number(id), asOf(250), true)
    expect(await contents(byRun.lake)).toEqual(before)
  })

  test('derives an earlier time again from the same lake', async () => {
    const { id } = await byRun.lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    await derive(byRun.lake, 'run 7', Number(id), asOf(59))
    const early = await openScratchLake(traders.stages)
    const loaded = await load(early.lake, 'early', rows(0, 60))
    await derive(early.lake, 'early', loaded.snapshotId, asOf(59))
    expect(await contents(byRun.lake)).toEqual(await contents(early.lake))
    await early.close()
  })
})
