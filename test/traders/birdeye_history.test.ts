import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { BirdEye } from '../../activities/traders/birdeye.js'
import { fetchHistory, type HistoryCursor, type HistoryRequest } from '../../activities/traders/birdeye_history.js'
import { readSpan } from '../../activities/traders/birdeye_span.js'
import { QuotaExhausted, SourceChanged } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { historyCursors } from '../../schemas/traders/bronze/history_cursors.js'
import { type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'
import { type Manners, seekByTime, type Trade, toItem } from './swap_server.js'

const day = 86_400
const now = 1_795_000_000
const asOf = (seconds: number) => new Date(seconds * 1000)
const price = 15

let server: ScriptedServer | undefined
let birdEye: BirdEye | undefined
afterEach(async () => {
  birdEye?.close()
  await server?.close()
})

/** A source whose trades and manners the test may change while it runs. */
const start = async (state: { trades: readonly Trade[]; manners: Manners }) => {
  server = await startScriptedServer((asked, response) => {
    const answer = seekByTime(state.trades, asked, state.manners)
    sendJson(response, (answer as { success: boolean }).success ? 200 : 400, answer)
  })
  return client(server.url)
}
const client = (baseUrl: string) => {
  birdEye = new BirdEye({
    baseUrl,
    requestsPerSecond: 100_000,
    walletGroupRequestsPerMinute: 30,
    computeUnitPrices: {},
  })
  return birdEye
}

interface Stored {
  readonly keys: Set<string>
  cursor: HistoryCursor | undefined
  readonly pages: number
}

/** One run, whose budget may end it: stores rows and the cursor of each page, as a commit would. */
const run = async (
  source: BirdEye,
  stored: { keys: Set<string>; cursor: HistoryCursor | undefined },
  request: Partial<HistoryRequest> & { asOf: Date },
  requests = 1_000_000,
): Promise<Stored> => {
  let pages = 0
  let cursor = stored.cursor
  const inThisRun = new Set<string>()
  const work = source.within(new ComputeUnitBudget(requests * price))
  try {
    const whole = { walletAddress: 'wallet', cursor, days: 90, maxTransactions: 1_000_000, ...request }
    for await (const page of fetchHistory(work, whole)) {
      pages += 1
      for (const row of page.rows) {
        const key = `${row.tx_hash}/${row.ins_index}`
        if (inThisRun.has(key)) throw new Error(`${key} came twice in one run`)
        inThisRun.add(key)
        stored.keys.add(key)
      }
      cursor = historyCursors.row.parse(page.cursor)
    }
  } catch (error) {
    if (!(error instanceof QuotaExhausted)) throw error
  }
  return { keys: stored.keys, cursor, pages }
}
const nothing = () => ({ keys: new Set<string>(), cursor: undefined })
const keysOf = (trades: readonly Trade[]) => trades.map(({ hash, index }) => `${hash}/${index}`).sort()
const sorted = (keys: Set<string>) => [...keys].sort()

describe('reading a history', () => {
  test('any page size, any crowding of seconds, any split into runs and budgets gives exactly the trades', async () => {
    const state: { trades: readonly Trade[]; manners: Manners } = { trades: [], manners: { pageSize: 1 } }
    const source = await start(state)
    const runs = fc.array(
      fc.record({ later: fc.integer({ min: 0, max: 900 }), requests: fc.integer({ min: 1, max: 6 }) }),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(
        // Few distinct seconds, so that many share one, on both sides of the horizon and of the seams between runs.
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 8 })), { maxLength: 12 }),
        fc.constantFrom(1, 120),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        runs,
        async (groups, spacing, pageSize, isInclusive, isCamelCase, saysNext, steps) => {
          const all = groups.flatMap(([slot, count], group) =>
            Array.from({ length: count }, (_, index) => ({
              hash: `t${group}-${index % 3}`,
              seconds: now - 3_000 + slot * spacing,
              index,
            })),
          )
          state.manners = { pageSize, isInclusive, isCamelCase, saysNext }
          let stored: { keys: Set<string>; cursor: HistoryCursor | undefined } = nothing()
          let at = now - 3_000
          for (const { later, requests } of steps) {
            at += later
            state.trades = all.filter(({ seconds }) => seconds <= at)
            stored = await run(source, stored, { asOf: asOf(at), pageSize }, requests)
          }
          at = now + 10_000
          state.trades = all
          stored = await run(source, stored, { asOf: asOf(at), pageSize })
          expect(sorted(stored.keys)).toEqual(keysOf(all))
          expect(stored.cursor?.is_complete).toBe(true)
          if (steps.every(({ requests }) => requests > 5 && pageSize > 6))
            expect(stored.cursor?.transaction_count).toBe(BigInt(all.length))
        },
      ),
      { numRuns: 100 },
    )
  }, 60_000)

  test('more trades in one second than a page holds are all read, by offset', async () => {
    const trades = Array.from({ length: 250 }, (_, index) => ({ hash: 'same', seconds: now - 500, index }))
    const source = await start({
      trades: [...trades, { hash: 'old', seconds: now - 501, index: 0 }],
      manners: { pageSize: 100 },
    })
    const { keys } = await run(source, nothing(), { asOf: asOf(now) })
    expect(keys.size).toBe(251)
    expect(server?.asked.map(({ query }) => query.get('offset'))).toEqual(['0', '0', '100', '200'])
  })

  test('a second with more than can be reached is left after 10,000, and that is said', async () => {
    const trades = Array.from({ length: 10_050 }, (_, index) => ({ hash: 'same', seconds: now - 500, index }))
    const state = { trades: [...trades, { hash: 'old', seconds: now - 501, index: 0 }], manners: { pageSize: 3_000 } }
    const source = await start(state)
    const work = source.within(new ComputeUnitBudget(1e9))
    const reasons: string[] = []
    const hashes = new Set<string>()
    let count = 0
    const request = {
      walletAddress: 'w',
      asOf: asOf(now),
      cursor: undefined,
      days: 90,
      maxTransactions: 1e6,
      pageSize: 3_000,
    }
    for await (const { rows, rejected } of fetchHistory(work, request)) {
      count += rows.length
      for (const { tx_hash } of rows) hashes.add(tx_hash)
      reasons.push(...rejected.map(({ reason }) => reason))
    }
    expect(count).toBe(10_001)
    expect(hashes).toContain('old')
    expect(reasons).toEqual(['more swaps in one second than can be reached'])
  })

  test('a later run reads only what is new, and the minutes that may have been incomplete', async () => {
    const old = Array.from({ length: 500 }, (_, index) => ({
      hash: `old${index}`,
      seconds: now - 1_000 - index * 100,
      index,
    }))
    const state = { trades: old, manners: { pageSize: 100 } }
    const source = await start(state)
    const first = await run(source, nothing(), { asOf: asOf(now) })
    expect(first.cursor).toMatchObject({
      is_complete: true,
      transaction_count: 500n,
      covered_from: asOf(now - 90 * day),
      covered_to: asOf(now - 300),
    })
    const asked = server?.asked.length ?? 0
    // One late in the seam, one new.
    state.trades = [
      ...old,
      { hash: 'late', seconds: now - 200, index: 0 },
      { hash: 'new', seconds: now + 600, index: 0 },
    ]
    const second = await run(source, first, { asOf: asOf(now + 1_000) })
    expect(sorted(second.keys)).toEqual(keysOf(state.trades))
    expect((server?.asked.length ?? 0) - asked).toBe(1)
    expect(second.cursor).toMatchObject({ is_complete: true, transaction_count: 502n })
  })

  test('stops at the limit of transactions, for good, and goes on when it is raised', async () => {
    const trades = Array.from({ length: 1_000 }, (_, index) => ({
      hash: `t${index}`,
      seconds: now - 1_000 - index,
      index,
    }))
    const source = await start({ trades, manners: { pageSize: 100 } })
    const limited = await run(source, nothing(), { asOf: asOf(now), maxTransactions: 250 })
    // Three pages, each but the first beginning with the last second of the one before.
    expect(limited.keys.size).toBe(298)
    expect(limited.cursor?.is_complete).toBe(true)
    const again = await run(source, limited, { asOf: asOf(now + 600), maxTransactions: 250 })
    expect(again.keys.size).toBe(298)
    const raised = await run(source, again, { asOf: asOf(now + 600), maxTransactions: 5_000 })
    expect(raised.keys.size).toBe(1_000)
    expect(raised.cursor).toMatchObject({ is_complete: true, transaction_count: 1_000n })
  })

  test('reads no further back than asked, and nothing after the logical time', async () => {
    const trades = [now + 1, now, now - 2 * day, now - 2 * day - 1].map((seconds) => ({
      hash: `t${seconds - now}`,
      seconds,
      index: 0,
    }))
    const source = await start({ trades, manners: { pageSize: 100 } })
    const { keys } = await run(source, nothing(), { asOf: asOf(now), days: 2 })
    expect(sorted(keys)).toEqual(['t-172800/0', 't0/0'])
  })

  test('pages that move while they are read lose nothing', async () => {
    const trades = Array.from({ length: 30 }, (_, index) => ({ hash: `t${index}`, seconds: now - 500, index }))
    const state = { trades, manners: { pageSize: 10 } }
    server = await startScriptedServer((asked, response, number) => {
      sendJson(response, 200, seekByTime(state.trades, asked, state.manners))
      state.trades = [{ hash: `arrived${number}`, seconds: now - 400, index: 0 }, ...state.trades]
    })
    const { keys } = await run(client(server.url), nothing(), { asOf: asOf(now) })
    expect([...keys].filter((key) => key.startsWith('t'))).toHaveLength(30)
  })
})

describe('a source that does not keep its contract', () => {
  const answering = async (answer: (number: number) => unknown) => {
    server = await startScriptedServer((_, response, number) =>
      sendJson(response, 200, { success: true, data: answer(number) }),
    )
    return client(server.url)
  }
  const page = Array.from({ length: 10 }, (_, index) => toItem({ hash: `t${index}`, seconds: now - 10, index }))

  test('repeating one page for ever is an error, not an endless loop', async () => {
    const source = await answering(() => ({ items: page, hasNext: true }))
    await expect(run(source, nothing(), { asOf: asOf(now) })).rejects.toThrow(SourceChanged)
    expect(server?.asked.length).toBeLessThan(10)
  })

  test('answering later swaps than were asked for, for ever, is an error', async () => {
    const source = await answering(() => ({
      items: [toItem({ hash: 'x', seconds: now + 99, index: 0 })],
      hasNext: true,
    }))
    await expect(run(source, nothing(), { asOf: asOf(now) })).rejects.toThrow('repeats one page')
  })

  test('rows of the page before that come again at the end of a page cost no row', async () => {
    const trades = Array.from({ length: 9 }, (_, index) => ({ hash: `t${index}`, seconds: now - index, index }))
    server = await startScriptedServer((asked, response) => {
      const offset = Number(asked.query.get('offset'))
      const found = trades.filter(({ seconds }) => seconds < Number(asked.query.get('before_time')))
      const repeated = trades.slice(0, 1)
      const page = [...found.slice(offset, offset + 2), ...(offset < found.length ? repeated : [])]
      const items = page.map((trade) => toItem(trade))
      sendJson(response, 200, { success: true, data: { items, hasNext: offset + 2 < found.length } })
    })
    const { keys } = await run(client(server.url), nothing(), { asOf: asOf(now), pageSize: 2 })
    expect(keys.size).toBe(9)
  })

  test('a page out of order is read on by offset', async () => {
    const trades = [5, 1, 4, 2, 3].map((age, index) => ({ hash: `t${index}`, seconds: now - age, index }))
    server = await startScriptedServer((asked, response) => {
      const offset = Number(asked.query.get('offset'))
      const before = Number(asked.query.get('before_time'))
      const found = trades.filter(({ seconds }) => seconds < before)
      const items = found.slice(offset, offset + 2).map((trade) => toItem(trade))
      sendJson(response, 200, { success: true, data: { items, hasNext: offset + 2 < found.length } })
    })
    const { keys } = await run(client(server.url), nothing(), { asOf: asOf(now), pageSize: 2 })
    expect(keys.size).toBe(5)
  })

  test('a few odd items are kept aside, with reason and raw JSON; many stop the step', async () => {
    const odd = (count: number) => ({
      items: [...page, ...page.slice(0, count).map((item) => ({ ...item, tx_hash: null }))],
      hasNext: false,
    })
    const source = await answering((number) => odd(number === 0 ? 4 : 5))
    const pages = []
    const request = { walletAddress: 'w', asOf: asOf(now), cursor: undefined, days: 90, maxTransactions: 100 }
    const work = source.within(new ComputeUnitBudget(1e6))
    for await (const one of fetchHistory(work, request)) pages.push(one)
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(10)
    const rejected = pages.flatMap((one) => one.rejected)
    expect(rejected).toHaveLength(4)
    expect(rejected[0]).toMatchObject({ subject_address: 'w', endpoint: '/trader/txs/seek_by_time' })
    expect(rejected[0]?.reason).toContain('tx_hash')
    expect(JSON.parse(rejected[0]?.raw_json ?? '')).toMatchObject({ tx_hash: null })
    await expect(fetchHistory(work, request).next()).rejects.toThrow(SourceChanged)
  })

  test('an empty page ends, whatever it says of a next one', async () => {
    const source = await answering(() => ({ items: [], hasNext: true }))
    const pages = []
    for await (const one of readSpan(source.within(new ComputeUnitBudget(1e6)), 'w', { from: 0, to: now }, 100))
      pages.push(one)
    expect(pages).toEqual([{ items: [], readFrom: 0 }])
  })
})
