import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { BirdEye } from '../../activities/traders/birdeye.js'
import { fetchHistory } from '../../activities/traders/birdeye_history.js'
import { stageSwaps } from '../../activities/traders/stage_swaps.js'
import { SourceChanged } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { Session } from '../../infra/lake/session.js'
import type { FaultRule } from '../../infra/sandbox/faults.js'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../infra/sandbox/server.js'
import { manualClock } from '../infra/manual_clock.js'

const { market } = createMarket({ seed: 5, tokens: 6, wallets: 20, swaps: 2_500, startsAt: Date.UTC(2026, 7, 13) })
const asOf = new Date(market.nowMs)

let sandbox: Sandbox | undefined
let birdEye: BirdEye | undefined
const stop = async () => {
  birdEye?.close()
  await sandbox?.close()
  sandbox = undefined
}
afterEach(stop)

const folder = mkdtempSync(path.join(tmpdir(), 'tributary-pages-'))
const instance = await DuckDBInstance.create(':memory:')
afterAll(() => rmSync(folder, { recursive: true }))

const start = async (options: Partial<SandboxOptions>) => {
  sandbox = await startSandbox({ market, clock: () => market.nowMs, ...options })
  birdEye = new BirdEye({
    baseUrl: sandbox.url,
    requestsPerSecond: 1e5,
    walletGroupRequestsPerMinute: 30,
    computeUnitPrices: {},
    timeoutMs: 200,
    clock: manualClock(),
  })
  return birdEye.within(new ComputeUnitBudget(1e9))
}

/** Every swap the client finds, as text, wallet by wallet: as rows, and as DuckDB stages them from unparsed pages. */
const readAll = async (options: Partial<SandboxOptions>, pageSize: number, mayLeaveUnparsed: boolean) => {
  const work = await start(options)
  const found: string[] = []
  for (const walletAddress of market.swaps.keys()) {
    const request = { walletAddress, asOf, cursor: undefined, days: 3_650, maxTransactions: 1e6, pageSize }
    const pages = fetchHistory(work, { ...request, mayLeaveUnparsed })
    const connection = await instance.connect()
    const session = new Session(connection)
    try {
      const { staged, rejected } = await stageSwaps(session, folder, pages)
      expect(rejected).toEqual([])
      const rows = await session.all(`FROM ${staged}`)
      found.push(
        ...rows.map((row) => `${walletAddress} ${row['tx_hash']} ${row['base_change_raw']} ${row['quote_change_raw']}`),
      )
    } finally {
      connection.closeSync()
    }
  }
  return found.sort()
}
const planted = () =>
  [...market.swaps]
    .flatMap(([wallet, swaps]) =>
      swaps
        .filter(({ timeS }) => timeS * 1000 <= market.nowMs)
        .map((swap) => `${wallet} ${swap.baseChange} ${swap.quoteChange}`),
    )
    .sort()
const withoutHash = (found: readonly string[]) =>
  found
    .map((text) =>
      text
        .split(' ')
        .filter((_, index) => index !== 1)
        .join(' '),
    )
    .sort()

describe('every planted swap comes exactly once', () => {
  const often = { probability: 0.1, seed: 7 }
  test.each<[string, Partial<SandboxOptions>, number]>([
    ['as documented', {}, 100],
    ['in small pages', {}, 7],
    ['in camelCase', { spelling: { camelCase: true } }, 50],
    ['with has_next', { spelling: { camelCase: false, nextField: 'has_next' } }, 50],
    [
      'with 429 and without Retry-After',
      {
        faults: [
          { kind: 'rate_limited', ...often },
          { kind: 'rate_limited', retryAfterS: 1, ...often },
        ],
      },
      50,
    ],
    [
      'with errors, cuts and refusals',
      {
        faults: (['server_error', 'truncated', 'malformed', 'refused_ok'] as const).map((kind) => ({ kind, ...often })),
      },
      50,
    ],
    ['with a hang', { faults: [{ kind: 'hang', times: 2, after: 5 }] }, 50],
    ['with a smaller page', { faults: [{ kind: 'page_size', largestLimit: 20 }] }, 100],
    [
      'with rows that come again',
      {
        faults: [
          { kind: 'duplicate_rows', ...often },
          { kind: 'moved_page', rows: 5, ...often },
        ],
      },
      10,
    ],
    ['with rows out of order', { faults: [{ kind: 'reordered_rows', ...often }] }, 10],
  ])(
    '%s',
    async (_, options, pageSize) => {
      for (const mayLeaveUnparsed of [false, true]) {
        expect(withoutHash(await readAll(options, pageSize, mayLeaveUnparsed))).toEqual(planted())
        await stop()
      }
    },
    60_000,
  )
})

test('a cursor that stands still ends as an error', async () => {
  const faults: FaultRule[] = [{ kind: 'repeated_cursor' }]
  await expect(readAll({ faults }, 2, true)).rejects.toThrow(SourceChanged)
}, 60_000)
