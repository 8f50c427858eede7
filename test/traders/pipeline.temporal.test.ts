import { WorkflowFailedError } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toSwap as readSwap } from '../../activities/traders/bronze_swap.js'
import type { FaultRule } from '../../infra/sandbox/faults.js'
import { swapItems } from '../../infra/sandbox/market.js'
import type { SwapItem } from '../../infra/sandbox/swap.js'
import { traders } from '../../schemas/traders/index.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { fifo, pnlSince } from './fifo_reference.js'
import { historyStartMs, type Pipeline, startPipeline } from './pipeline.js'
import { plus, type Rational, toNumber, zero } from './rational.js'
import type { Swap } from './silver_derivation.js'
import { expectedTrades } from './trades_reference.js'

/** Everything a source may do wrong and still be the source, all at once. */
const everyFault: FaultRule[] = [
  { kind: 'rate_limited', probability: 0.03, seed: 1 },
  { kind: 'rate_limited', probability: 0.02, seed: 2, retryAfterS: 0 },
  { kind: 'server_error', probability: 0.03, seed: 3, status: 503 },
  { kind: 'truncated', probability: 0.03, seed: 4 },
  { kind: 'malformed', probability: 0.02, seed: 5, path: '/trader' },
  { kind: 'refused_ok', probability: 0.02, seed: 6, path: '/defi' },
  { kind: 'hang', path: 'seek_by_time', after: 20, times: 1 },
  { kind: 'page_size', path: 'seek_by_time', largestLimit: 40 },
  { kind: 'page_size', path: 'token/holder', largestLimit: 50 },
  { kind: 'duplicate_rows', probability: 0.2, seed: 7, path: 'seek_by_time' },
  { kind: 'reordered_rows', probability: 0.2, seed: 8, path: 'seek_by_time' },
  { kind: 'moved_page', probability: 0.1, seed: 9, path: 'token/holder' },
  { kind: 'applied_then_error', path: '/v0/webhooks', method: 'POST', times: 1 },
]

const identity = (row: {
  wallet: string
  hash: string
  seconds: number
  base: string
  baseChange: string
  quote: string
  quoteChange: string
}): string => Object.values(row).join(' ')

const identityOfItem = (item: SwapItem): string =>
  identity({
    wallet: item.owner,
    hash: item.tx_hash,
    seconds: item.block_unix_time,
    base: item.base.address,
    baseChange: String(item.base.change_amount),
    quote: item.quote.address,
    quoteChange: String(item.quote.change_amount),
  })

/** Legs without an index are ordered by their fallback key, which is the pipeline's own choice. */
const fallbackKey = (item: SwapItem): Pick<Swap, 'ins_index' | 'inner_ins_index'> => {
  const swap = readSwap(item, item.owner)
  if ('refused' in swap) throw new Error(swap.refused)
  return swap.row
}

/** An item as the reference valuation takes it, read from the market and not from the lake. */
const toSwap = (item: SwapItem): Swap => ({
  wallet_address: item.owner,
  tx_hash: item.tx_hash,
  ins_index: item.ins_index ?? fallbackKey(item).ins_index,
  inner_ins_index: item.ins_index === undefined ? fallbackKey(item).inner_ins_index : (item.inner_ins_index ?? -1),
  ins_index_is_fallback: item.ins_index === undefined,
  block_time: new Date(item.block_unix_time * 1000),
  block_number: BigInt(item.block_number),
  base_address: item.base.address,
  base_symbol: null,
  base_decimals: item.base.decimals,
  base_change_raw: item.base.change_amount,
  base_price_usd: item.base.price ?? item.base_price ?? item.base.nearest_price,
  quote_address: item.quote.address,
  quote_symbol: null,
  quote_decimals: item.quote.decimals,
  quote_change_raw: item.quote.change_amount,
  quote_price_usd: item.quote.price ?? item.quote_price ?? item.quote.nearest_price,
  volume_usd: item.volume_usd ?? null,
  source: null,
  pool_address: null,
  program_id: null,
})

const realizedByWallet = (items: readonly SwapItem[]): Map<string, number> => {
  const groups = new Map<string, ReturnType<typeof expectedTrades>>()
  for (const trade of expectedTrades(items.map(toSwap))) {
    const name = `${trade.wallet} ${trade.token}`
    groups.set(name, [...(groups.get(name) ?? []), trade])
  }
  const totals = new Map<string, Rational>()
  for (const [name, trades] of groups) {
    const [wallet = ''] = name.split(' ')
    totals.set(wallet, plus(totals.get(wallet) ?? zero, pnlSince(fifo(trades).sales, 0).realized))
  }
  return new Map([...totals].map(([wallet, total]) => [wallet, toNumber(total)]))
}

describe('the pipeline, from a source at its worst to the webhook', () => {
  let pipeline: Pipeline
  let result: SmartTradersResult
  const all = (sql: string) => pipeline.lake.session((session) => session.all(sql))
  beforeAll(async () => {
    pipeline = await startPipeline({ faults: everyFault })
    result = await pipeline.run()
  })
  afterAll(() => pipeline.close())

  const itemsRead = async () => {
    const wallets = new Set(
      (await all('SELECT wallet_address FROM lake.traders_bronze.history_cursors')).map((row) => row['wallet_address']),
    )
    const from = historyStartMs(pipeline.market) / 1000
    return [...swapItems(pipeline.market)].filter((item) => wallets.has(item.owner) && item.block_unix_time >= from)
  }

  test('has every tradable holder and trader read, and every swap of theirs in bronze exactly once', async () => {
    const candidates = await all(
      'SELECT DISTINCT wallet_address FROM lake.traders_bronze.whale_holders WHERE is_tradable',
    )
    expect(await all('SELECT wallet_address FROM lake.traders_bronze.history_cursors WHERE is_complete')).toHaveLength(
      candidates.length,
    )
    expect(candidates.length).toBeGreaterThan(50)
    const rows = await all(`
      SELECT wallet_address, tx_hash, epoch(block_time)::BIGINT AS seconds, base_address, base_change_raw::VARCHAR AS base_change,
        quote_address, quote_change_raw::VARCHAR AS quote_change
      FROM lake.traders_bronze.transaction_history`)
    const stored = rows.map((row) =>
      identity({
        wallet: String(row['wallet_address']),
        hash: String(row['tx_hash']),
        seconds: Number(row['seconds']),
        base: String(row['base_address']),
        baseChange: String(row['base_change']),
        quote: String(row['quote_address']),
        quoteChange: String(row['quote_change']),
      }),
    )
    expect(stored.toSorted()).toEqual((await itemsRead()).map(identityOfItem).toSorted())
    expect(stored.length).toBeGreaterThan(4_000)
  })

  test('realizes what exact rational FIFO realizes, within a millionth of a dollar', async () => {
    const expected = realizedByWallet(await itemsRead())
    const rows = await all(
      `SELECT wallet_address, realized_pnl_usd FROM lake.traders_silver.wallet_pnl WHERE token_address = 'ALL_TOKENS' AND timeframe = 'all'`,
    )
    expect(rows.length).toBeGreaterThan(50)
    for (const row of rows) {
      const wallet = String(row['wallet_address'])
      expect(Math.abs(Number(row['realized_pnl_usd']) - (expected.get(wallet) ?? 0)), wallet).toBeLessThanOrEqual(1e-6)
    }
  })

  test('ranks to the last bit as with a source that never fails', async () => {
    const gold = (of: Pipeline) =>
      of.lake.session(async (session) => [
        await session.all('SELECT * FROM lake.traders_gold.smart_wallets ORDER BY ALL'),
        await session.all('SELECT * FROM lake.traders_gold.wallet_verdicts ORDER BY ALL'),
      ])
    const calm = await startPipeline()
    try {
      await calm.run()
      expect(await gold(pipeline)).toEqual(await gold(calm))
    } finally {
      await calm.close()
    }
  })

  test('has Helius watch the ten best in one webhook, made once although its making seemed to fail', async () => {
    const best = await all('SELECT wallet_address FROM lake.traders_gold.smart_wallets ORDER BY rank LIMIT 10')
    const webhooks = [...pipeline.sandbox.webhooks.values()]
    expect(webhooks).toHaveLength(1)
    expect(webhooks[0]).toMatchObject({
      webhookURL: 'https://hooks.example.com/helius',
      webhookType: 'enhanced',
      active: true,
    })
    expect(webhooks[0]?.accountAddresses.toSorted()).toEqual(best.map((row) => row['wallet_address']).toSorted())
    expect(best.length).toBeGreaterThan(0)
    expect(result.webhook).toMatch(/^confirmed/)
  })

  test('records from when to when each batch of histories was read, and every swap lies within', async () => {
    const rows = await all(`
      WITH read AS (
        SELECT count(*) FILTER (source_start IS NULL) AS untold, min(source_start)::TIMESTAMPTZ AS low, max(source_end)::TIMESTAMPTZ AS high
        FROM lake.meta.lineage WHERE dataset = 'traders_bronze.transaction_history'
      )
      SELECT untold, bool_and(block_time >= low AND block_time < high) AS within
      FROM lake.traders_bronze.transaction_history, read GROUP BY untold`)
    expect(rows).toEqual([{ untold: '0', within: true }])
  })

  test('makes one snapshot a step, each under its own key and message', async () => {
    const commits = await all('SELECT snapshot_id, commit_key, step FROM lake.meta.commits ORDER BY snapshot_id')
    expect(new Set(commits.map((row) => row['snapshot_id'])).size).toBe(commits.length)
    expect(new Set(commits.map((row) => row['commit_key'])).size).toBe(commits.length)
    expect(new Set(commits.map((row) => row['step']))).toEqual(
      new Set([
        'select_tokens',
        'fetch_whales',
        'fetch_histories',
        'derive_silver',
        'derive_gold',
        'publish',
        'sync_webhook',
      ]),
    )
    const snapshots = await all('SELECT commit_extra_info FROM lake.snapshots() WHERE commit_extra_info IS NOT NULL')
    const keys = snapshots.map((row) => JSON.parse(String(row['commit_extra_info'])).key)
    expect(keys.toSorted()).toEqual(commits.map((row) => row['commit_key']).toSorted())
  })

  test('commits nothing twice when the same run is made again, and no row twice when a later one is', async () => {
    const head = async () => (await all('SELECT max(snapshot_id) AS id FROM lake.snapshots()'))[0]?.['id']
    const counts = () =>
      Promise.all(
        traders.stages
          .flatMap(({ tables }) => tables)
          .map(async ({ name, key }) => {
            const [row] = await all(
              `SELECT count(*) AS rows, count(DISTINCT (${key.join(', ')})) AS keys FROM lake.${name}`,
            )
            return { name, rows: row?.['rows'], keys: row?.['keys'] }
          }),
      )
    const before = await head()
    const again = await pipeline.run()
    expect(await head()).toBe(before)
    expect(again.snapshotId).toBe(result.snapshotId)
    const swaps = (await counts()).find(({ name }) => name === 'traders_bronze.transaction_history')?.rows
    await pipeline.run({ asOf: new Date(pipeline.market.nowMs + 1_000).toISOString() })
    for (const { name, rows, keys } of await counts()) expect(rows, name).toBe(keys)
    expect((await counts()).find(({ name }) => name === 'traders_bronze.transaction_history')?.rows).toBe(swaps)
  })

  test.each([
    [{ tokens: { limit: -1 } }, /tokens\.limit is -1/],
    [{ history: { days: 'ninety' } }, /history\.days is "ninety"/],
    [{ colour: 'red' }, /colour is not a field/],
    [{ gold: { minRoi: 0.1, minRio: 0.1 } }, /gold\.minRio is not a field/],
    [{ asOf: 'yesterday' }, /asOf is "yesterday"/],
  ])('refuses the input %j at once, naming the field, and writes nothing', async (input, message) => {
    const before = await all('SELECT max(snapshot_id) AS id FROM lake.snapshots()')
    const failure = await pipeline.run(input).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(WorkflowFailedError)
    expect((failure as WorkflowFailedError).cause?.message).toMatch(message)
    expect(await all('SELECT max(snapshot_id) AS id FROM lake.snapshots()')).toEqual(before)
  })
})

describe('the pipeline when it may not go on asking', () => {
  let pipeline: Pipeline
  afterAll(() => pipeline.close())
  const swaps = () =>
    pipeline.lake.session(async (session) =>
      Number((await session.one('SELECT count(*) AS n FROM lake.traders_bronze.transaction_history'))['n']),
    )
  const later = (seconds: number) => ({ asOf: new Date(pipeline.market.nowMs + seconds * 1000).toISOString() })

  test('finishes with what is there when quota or budget end, says so, and later runs read the rest', async () => {
    pipeline = await startPipeline({ faults: [{ kind: 'quota', path: 'seek_by_time', after: 40 }] })
    const outOfQuota = await pipeline.run()
    expect(outOfQuota.parked).toMatch(/Compute units usage limit exceeded/)
    expect(outOfQuota.webhook).toMatch(/^confirmed|^unconfigured/)
    const first = await swaps()
    expect(first).toBeGreaterThan(0)
    pipeline.sandbox.faults.clear()

    // Forty pages more than the first run had: what was read costs a page a wallet to look for news.
    const computeUnits = outOfQuota.computeUnits + 40 * 15
    const outOfBudget = await pipeline.run({ ...later(1), budget: { computeUnits } })
    expect(outOfBudget.parked).toMatch(/raise budget\.computeUnits/)
    expect(outOfBudget.computeUnits).toBeLessThanOrEqual(computeUnits)
    const second = await swaps()
    expect(second).toBeGreaterThan(first)

    const rest = await pipeline.run(later(2))
    expect(rest.parked).toBeUndefined()
    const cursors = await pipeline.lake.session((session) =>
      session.all('SELECT wallet_address FROM lake.traders_bronze.history_cursors'),
    )
    const wallets = new Set(cursors.map((row) => row['wallet_address']))
    const from = historyStartMs(pipeline.market) / 1000
    const all = [...swapItems(pipeline.market)].filter(
      (item) => wallets.has(item.owner) && item.block_unix_time >= from,
    )
    expect(await swaps()).toBe(all.length)
  })
})
