import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, startSandbox } from '../../infra/sandbox/server.js'

const { market } = createMarket({ seed: 5, tokens: 4, wallets: 40, swaps: 8_000, startsAt: Date.UTC(2026, 7, 13) })
const busiest = [...market.swaps].sort((left, right) => right[1].length - left[1].length)[0]?.[0] ?? ''
const path = `/trader/txs/seek_by_time?address=${busiest}&limit=20`
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ market, clock: () => market.nowMs, remoteControl: true })
})
beforeEach(() => sandbox.faults.clear())
afterAll(() => sandbox.close())

const ask = (query = path, init: RequestInit = {}) => fetch(sandbox.url + query, init)

async function keys(query = path): Promise<string[]> {
  const { data } = JSON.parse(await (await ask(query)).text())
  return data.items.map((item: { tx_hash: string; ins_index?: number; inner_ins_index?: number; address: string }) =>
    [item.tx_hash, item.ins_index, item.inner_ins_index, item.address].join('/'),
  )
}

describe('faults on request', () => {
  test('429 comes with Retry-After or without', async () => {
    sandbox.faults.add({ kind: 'rate_limited', times: 1, retryAfterS: 2 }, { kind: 'rate_limited', after: 1, times: 1 })
    const [first, second, third] = [await ask(), await ask(), await ask()]
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '2'])
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, null])
    expect(third.status).toBe(200)
  })

  test('5xx of the status asked for', async () => {
    sandbox.faults.add({ kind: 'server_error', status: 503, path: 'seek_by_time' })
    expect((await ask()).status).toBe(503)
    expect((await ask('/utils/v1/credits')).status).toBe(200)
  })

  test('a hang never answers', async () => {
    sandbox.faults.add({ kind: 'hang' })
    await expect(ask(path, { signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout/)
  })

  test('a slow answer is the right one, late', async () => {
    const wanted = await keys()
    sandbox.faults.add({ kind: 'slow', delayMs: 120 })
    const began = performance.now()
    expect(await keys()).toEqual(wanted)
    expect(performance.now() - began).toBeGreaterThan(110)
  })

  test('a truncated body breaks the connection', async () => {
    sandbox.faults.add({ kind: 'truncated' })
    await expect(ask().then((response) => response.text())).rejects.toThrow()
  })

  test('malformed JSON arrives whole', async () => {
    sandbox.faults.add({ kind: 'malformed' })
    const text = await (await ask()).text()
    expect(text.length).toBeGreaterThan(1000)
    expect(() => JSON.parse(text)).toThrow(SyntaxError)
  })

  test('200 with success false', async () => {
    sandbox.faults.add({ kind: 'refused_ok' })
    const response = await ask()
    expect([response.status, await response.json()]).toEqual([200, { success: false, message: 'Request failed' }])
  })

  test('the quota message as HTTP 400', async () => {
    sandbox.faults.add({ kind: 'quota', after: 1 })
    expect((await ask()).status).toBe(200)
    const response = await ask()
    expect([response.status, await response.json()]).toEqual([
      400,
      { success: false, message: 'Compute units usage limit exceeded' },
    ])
  })

  test('a page size that was fine is too large now', async () => {
    sandbox.faults.add({ kind: 'page_size', largestLimit: 15 })
    const response = await ask()
    expect([response.status, await response.json()]).toEqual([
      400,
      { success: false, message: 'limit should be integer, range 1-15' },
    ])
    expect((await ask(path.replace('limit=20', 'limit=15'))).status).toBe(200)
  })

  test.each(['duplicate_rows', 'moved_page'] as const)(
    '%s: rows of the page before come again, none is missing',
    async (kind) => {
      const all = await keys(path.replace('limit=20', 'limit=60'))
      sandbox.faults.add({ kind, rows: 4 })
      const second = await keys(`${path}&offset=20`)
      expect(second).toEqual(all.slice(16, 36))
      expect(await keys()).toEqual(all.slice(0, 20))
    },
  )

  test('reordered rows are the same rows', async () => {
    const wanted = await keys()
    sandbox.faults.add({ kind: 'reordered_rows', seed: 9 })
    const shuffled = await keys()
    expect(shuffled).not.toEqual(wanted)
    expect([...shuffled].sort()).toEqual([...wanted].sort())
  })

  test('a changed schema breaks some rows', async () => {
    sandbox.faults.add({ kind: 'changed_schema', share: 0.5 })
    const { data } = JSON.parse(await (await ask()).text())
    const broken = data.items.filter((item: object) => !('block_unix_time' in item)).length
    expect(broken).toBeGreaterThan(2)
    expect(broken).toBeLessThan(18)
  })

  test('a repeated cursor gives the first page for ever', async () => {
    const wanted = await keys()
    sandbox.faults.add({ kind: 'repeated_cursor' })
    for (const next of ['&offset=20', '&offset=9980', '&before_time=1']) {
      const { data } = JSON.parse(await (await ask(path + next)).text())
      expect(data.hasNext).toBe(true)
      expect(data.items[0].tx_hash).toBe(wanted[0]?.split('/')[0])
    }
  })

  test('by chance, but the same chance each time', async () => {
    const round = async () => {
      sandbox.faults.clear()
      sandbox.faults.add({ kind: 'server_error', probability: 0.4, seed: 3 })
      const statuses: number[] = []
      for (let call = 0; call < 30; call += 1) statuses.push((await ask('/utils/v1/credits')).status)
      return statuses
    }
    const statuses = await round()
    expect(statuses).toEqual(await round())
    expect(new Set(statuses)).toEqual(new Set([200, 500]))
  })

  test('rules can be set from another process where that is allowed, and requests are counted', async () => {
    const post = (rules: unknown) => ask('/sandbox/faults', { method: 'POST', body: JSON.stringify(rules) })
    expect((await post([{ kind: 'server_error', status: 502 }])).status).toBe(200)
    expect((await ask()).status).toBe(502)
    expect((await post([])).status).toBe(200)
    expect((await ask()).status).toBe(200)
    expect((await post([{ kind: 'nonsense' }])).status).toBe(400)
    expect((await post('{')).status).toBe(400)
    sandbox.resetStatistics()
    await Promise.all([ask(), ask(), ask('/utils/v1/credits')])
    const statistics = await (await ask('/sandbox/statistics')).json()
    expect(statistics).toMatchObject({
      byEndpoint: { 'GET /trader/txs/seek_by_time': 2, 'GET /utils/v1/credits': 1 },
      byStatus: { 200: 3 },
    })
    expect(sandbox.statistics().peakPerSecond).toBeGreaterThanOrEqual(3)
  })
})

test('the listed price of a token is changed on request, and that of no other', async () => {
  const prices = async (): Promise<Map<string, number>> => {
    const { data } = JSON.parse(
      await (await ask('/defi/v3/token/list?sort_by=liquidity&sort_type=desc&limit=50')).text(),
    )
    return new Map(data.items.map(({ address, price }: { address: string; price: number }) => [address, price]))
  }
  const change = (body: object) => ask('/sandbox/prices', { method: 'POST', body: JSON.stringify(body) })
  const before = await prices()
  const token = market.tokens.find(({ address }) => before.has(address))?.address ?? ''
  expect((await change({ [token]: 2 })).status).toBe(200)
  expect(await prices()).toEqual(new Map([...before, [token, 2 * (before.get(token) ?? 0)]]))
  expect((await change({ [token]: -1 })).status).toBe(400)
  await change({})
  expect(await prices()).toEqual(before)
})
