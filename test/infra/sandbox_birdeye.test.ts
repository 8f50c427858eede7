import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../infra/sandbox/server.js'
import { QUIRK } from '../../infra/sandbox/swap.js'

const DAY_MS = 86_400_000
const { market, truth } = createMarket({
  seed: 3,
  tokens: 8,
  wallets: 60,
  swaps: 12_000,
  startsAt: Date.UTC(2026, 7, 13),
})
const busiest = [...market.swaps].sort((left, right) => right[1].length - left[1].length)[0]?.[0] ?? ''
const open: Sandbox[] = []
let url = ''

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ market, clock: () => market.nowMs, ...options })
  open.push(sandbox)
  return sandbox
}

beforeAll(async () => {
  url = (await start()).url
})
afterAll(() => Promise.all(open.map((sandbox) => sandbox.close())))

async function get(path: string, headers: { [name: string]: string } = {}, base = url) {
  const response = await fetch(base + path, { headers })
  const text = await response.text()
  return { status: response.status, text, json: JSON.parse(text), headers: response.headers }
}

const envelope = <T extends z.ZodType>(data: T) => z.strictObject({ success: z.literal(true), data })
const key = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/)
const leg = z.strictObject({
  symbol: z.string(),
  decimals: z.number(),
  address: key,
  amount: z.number().positive(),
  type: z.enum(['transfer', 'mint', 'burn']),
  type_swap: z.enum(['from', 'to']),
  ui_amount: z.number().positive(),
  price: z.number().nullable(),
  nearest_price: z.number().nullable(),
  change_amount: z.number(),
  ui_change_amount: z.number(),
  is_scaled_ui_token: z.boolean(),
  multiplier: z.null(),
})
const trade = z.strictObject({
  base: leg,
  quote: leg,
  base_price: z.number().nullable(),
  quote_price: z.number().nullable(),
  tx_hash: z.string().length(88),
  source: z.string(),
  block_unix_time: z.int(),
  block_number: z.int(),
  tx_type: z.literal('swap'),
  address: key,
  owner: key,
  signers: z.array(key),
  interacted_program_id: key,
  volume: z.number(),
  volume_usd: z.number().optional(),
  ins_index: z.int().optional(),
  inner_ins_index: z.int().nullable().optional(),
})
const trades = envelope(z.strictObject({ items: z.array(trade), hasNext: z.boolean() }))
const selection =
  '/defi/v3/token/list?sort_by=liquidity&sort_type=desc&min_liquidity=1000000&max_liquidity=3000000&min_volume_1h_usd=100000&min_price_change_24h_percent=30'

describe('token list', () => {
  const row = z.object({
    address: key,
    name: z.string(),
    symbol: z.string(),
    decimals: z.int(),
    logo_uri: z.string().nullable(),
    extensions: z.object({}),
    market_cap: z.number(),
    fdv: z.number(),
    liquidity: z.number(),
    price: z.number(),
    holder: z.int(),
    recent_listing_time: z.int(),
    last_trade_unix_time: z.int(),
    volume_1h_usd: z.number(),
    volume_24h_usd: z.number(),
    price_change_24h_percent: z.number(),
    trade_24h_count: z.int(),
  })
  const list = envelope(z.strictObject({ items: z.array(row), has_next: z.boolean() }))

  test('has the tokens of the default selection, sorted, and pages through them', async () => {
    const all = list.parse((await get(`${selection}&limit=100`)).json).data.items
    expect(all).toHaveLength(8)
    for (const token of all) {
      expect(token.liquidity).toBeGreaterThanOrEqual(1e6)
      expect(token.volume_1h_usd).toBeGreaterThanOrEqual(1e5)
      expect(token.price_change_24h_percent).toBeGreaterThanOrEqual(30)
    }
    expect(all.map((token) => token.liquidity)).toEqual(all.map((token) => token.liquidity).sort((a, b) => b - a))
    const first = list.parse((await get(`${selection}&limit=5`)).json).data
    const second = list.parse((await get(`${selection}&limit=5&offset=5`)).json).data
    expect([first.has_next, second.has_next]).toEqual([true, false])
    expect([...first.items, ...second.items]).toEqual(all)
  })

  test('has tokens that do not pass', async () => {
    const all = list.parse((await get('/defi/v3/token/list?sort_by=liquidity&sort_type=asc')).json).data.items
    expect(all.length).toBeGreaterThanOrEqual(8 + 5)
  })

  test('agrees with the price history', async () => {
    const token = list.parse((await get(`${selection}&limit=1`)).json).data.items[0]
    const now = market.nowMs / 1000
    const prices = envelope(
      z.strictObject({ items: z.array(z.strictObject({ unixTime: z.int(), value: z.number() })) }),
    )
    const path = `/defi/history_price?address=${token?.address}&address_type=token&type=1H&time_from=${now - 86_400}&time_to=${now + 86_400}`
    const { items } = prices.parse((await get(path)).json).data
    expect(items).toHaveLength(25)
    const [first, last] = [items[0]?.value ?? 0, items.at(-1)?.value ?? 0]
    expect((last / first - 1) * 100).toBeCloseTo(token?.price_change_24h_percent ?? 0, 6)
  })

  test.each([
    ['/defi/v3/token/list?sort_type=asc', 'sort_by invalid format'],
    [`${selection}&limit=101`, 'limit should be integer, range 1-100'],
    [`${selection}&limit=0`, 'limit should be integer, range 1-100'],
    [`${selection}&offset=9950`, 'offset + limit should be less than or equal to 10000'],
    [`${selection}&min_holder=many`, 'min_holder should be number'],
  ])('refuses %s', async (path, message) => {
    const { status, json } = await get(path)
    expect([status, json]).toEqual([400, { success: false, message }])
  })
})

describe('holders and top traders', () => {
  const holder = z.strictObject({
    amount: z.string().regex(/^\d+$/),
    decimals: z.int(),
    mint: key,
    owner: key,
    token_account: key,
    ui_amount: z.number(),
    is_scaled_ui_token: z.boolean(),
    multiplier: z.null(),
  })
  const holders = envelope(z.strictObject({ items: z.array(holder), has_next: z.boolean() }))
  const holdersOf = async (address: string) => {
    const items: z.infer<typeof holder>[] = []
    for (let more = true; more; ) {
      const page = holders.parse(
        (await get(`/defi/v3/token/holder?address=${address}&offset=${items.length}&limit=10`)).json,
      )
      items.push(...page.data.items)
      more = page.data.has_next
    }
    return items
  }

  test('every planted wallet holds a selected token; owners repeat; pools, an exchange and a burn address are among them', async () => {
    const owners = new Set<string>()
    let repeated = 0
    for (const token of market.tokens.filter((one) => one.hot)) {
      const items = await holdersOf(token.address)
      expect(items.map((item) => BigInt(item.amount))).toEqual(
        items.map((item) => BigInt(item.amount)).sort((a, b) => (a === b ? 0 : a < b ? 1 : -1)),
      )
      repeated += items.length - new Set(items.map((item) => item.owner)).size
      expect(new Set(items.map((item) => item.token_account)).size).toBe(items.length)
      for (const item of items) owners.add(item.owner)
      for (const pool of token.pools) expect(owners).toContain(pool.address)
    }
    expect(repeated).toBeGreaterThan(0)
    expect(owners).toContain('1nc1nerator11111111111111111111111111111111')
    expect(owners).toContain('5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9')
    expect(market.wallets.filter((wallet) => !owners.has(wallet))).toEqual([])
  })

  test('a wallet holds what its visible swaps left it, tokens that came by transfer apart', async () => {
    for (const token of market.tokens) {
      const told = new Map<string, bigint>()
      for (const item of await holdersOf(token.address)) {
        told.set(item.owner, (told.get(item.owner) ?? 0n) + BigInt(item.amount))
      }
      for (const [owner, swaps] of market.swaps) {
        let balance = 0n
        for (const swap of swaps) {
          if (swap.timeS * 1000 > market.nowMs || swap.quirks & QUIRK.transferredIn) continue
          if (swap.base.address === token.address) balance += swap.baseChange
          if (swap.quote.address === token.address) balance += swap.quoteChange
        }
        expect(told.get(owner) ?? 0n).toBe(balance)
      }
    }
  })

  test('top traders come ten at a time in camelCase, by volume', async () => {
    const row = z.strictObject({
      tokenAddress: key,
      owner: key,
      tags: z.array(z.string()),
      type: z.literal('24h'),
      volume: z.number(),
      trade: z.int(),
      tradeBuy: z.int(),
      tradeSell: z.int(),
      volumeBuy: z.number(),
      volumeSell: z.number(),
      volumeUsd: z.number(),
      totalPnl: z.number(),
      isScaledUiToken: z.boolean(),
      multiplier: z.null(),
    })
    const path = `/defi/v2/tokens/top_traders?address=${market.tokens[0]?.address}&time_frame=24h&sort_by=volume&sort_type=desc`
    const { items } = envelope(z.strictObject({ items: z.array(row), hasNext: z.boolean() })).parse(
      (await get(`${path}&limit=10`)).json,
    ).data
    expect(items.length).toBeGreaterThan(3)
    expect(items.map((item) => item.volume)).toEqual(items.map((item) => item.volume).sort((a, b) => b - a))
    const refused = await get(`${path}&limit=11`)
    expect([refused.status, refused.json.message]).toEqual([400, 'limit should be integer, range 1-10'])
  })
})

describe('trades of a wallet', () => {
  test('come newest first and end at the clock; raw amounts keep every digit', async () => {
    const seen: z.infer<typeof trade>[] = []
    const raw: string[] = []
    for (let more = true; more; ) {
      const { text, json } = await get(
        `/trader/txs/seek_by_time?address=${busiest}&tx_type=swap&offset=${seen.length}&limit=100`,
      )
      const page = trades.parse(json).data
      raw.push(...[...text.matchAll(/"base":\{[^}]*?"amount":(\d+)/g)].map((match) => match[1] ?? ''))
      seen.push(...page.items)
      more = page.hasNext
    }
    const visible = (market.swaps.get(busiest) ?? []).filter((swap) => swap.timeS * 1000 <= market.nowMs)
    expect(seen).toHaveLength(visible.length)
    expect(seen.length).toBeLessThan(market.swaps.get(busiest)?.length ?? 0)
    expect(seen.map((item) => item.block_unix_time)).toEqual(visible.map((swap) => swap.timeS))
    expect(raw).toEqual(visible.map((swap) => String(swap.baseChange < 0n ? -swap.baseChange : swap.baseChange)))
  })

  test('before_time and after_time leave their own second out, and not both may be given', async () => {
    const path = `/trader/txs/seek_by_time?address=${busiest}&limit=100`
    const times = trades.parse((await get(path)).json).data.items.map((item) => item.block_unix_time)
    const middle = times[40] ?? 0
    const before = trades.parse((await get(`${path}&before_time=${middle}`)).json).data.items
    expect(before[0]?.block_unix_time).toBe(times.find((time) => time < middle))
    const after = trades.parse((await get(`${path}&after_time=${middle}`)).json).data
    expect(after.items.map((item) => item.block_unix_time)).toEqual(times.filter((time) => time > middle))
    expect(after.hasNext).toBe(false)
    expect((await get(`${path}&after_time=1&before_time=${middle}`)).status).toBe(422)
  })

  test('an unknown wallet has none; an address that is none is refused', async () => {
    const unknown = await get('/trader/txs/seek_by_time?address=9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM')
    expect(unknown.json).toEqual({ success: true, data: { items: [], hasNext: false } })
    expect((await get('/trader/txs/seek_by_time?address=0xabc')).status).toBe(400)
  })

  test('show more as the clock goes on', async () => {
    let now = market.nowMs - 30 * DAY_MS
    const { url: moving } = await start({ clock: () => now })
    const newest = async () => {
      const page = trades.parse((await get(`/trader/txs/seek_by_time?address=${busiest}&limit=1`, {}, moving)).json)
      return page.data.items[0]?.block_unix_time ?? 0
    }
    const early = await newest()
    now += 60 * DAY_MS
    expect(await newest()).toBeGreaterThan(early)
  })

  test('can be spelled in camelCase, with both names of the next field', async () => {
    const { url: camel } = await start({ spelling: { camelCase: true, nextField: 'both' } })
    const { json } = await get(`/trader/txs/seek_by_time?address=${busiest}&limit=2`, {}, camel)
    expect(json.data).toMatchObject({ hasNext: true, has_next: true })
    expect(json.data.items[0]).toHaveProperty('blockUnixTime')
    expect(json.data.items[0].base).toHaveProperty('uiChangeAmount')
  })
})

describe('the other endpoints', () => {
  test('trending, security, gainers and credits answer in their shapes', async () => {
    const trending = (await get('/defi/token_trending?sort_by=rank&sort_type=asc&limit=20')).json.data
    expect(trending.tokens[0]).toMatchObject({ rank: 1, volume24hUSD: expect.any(Number), address: expect.any(String) })
    expect((await get('/defi/token_trending?limit=21')).status).toBe(400)
    const security = (await get(`/defi/token_security?address=${market.tokens[0]?.address}`)).json.data
    expect(security).toMatchObject({ top10HolderPercent: expect.any(Number), isToken2022: false })
    const gainers = (await get('/trader/gainers-losers?type=1W&sort_by=PnL&sort_type=desc&limit=10')).json.data.items
    expect(gainers).toHaveLength(10)
    expect(gainers[0]).toMatchObject({ network: 'solana', pnl: expect.any(Number), trade_count: expect.any(Number) })
    const credits = (await get('/utils/v1/credits')).json.data
    expect(credits.usage.total).toBeGreaterThan(0)
  })

  test('nothing tells what was planted', async () => {
    const paths = [
      `${selection}&limit=100`,
      `/defi/v3/token/holder?address=${market.tokens[0]?.address}`,
      `/trader/txs/seek_by_time?address=${busiest}`,
      '/trader/gainers-losers?type=30d&sort_by=PnL',
      '/utils/v1/credits',
    ]
    for (const path of paths) {
      expect((await get(path)).text).not.toMatch(/skilled|lucky|one_hit|\bbot\b|wash|futureReturn|transferredIn|kind/)
    }
    for (const path of ['/truth', '/sandbox/truth', '/sandbox/statistics', '/sandbox/faults', '/']) {
      expect((await get(path)).status).toBe(404)
    }
    expect(Object.keys(market)).not.toContain('truth')
    expect(truth.size).toBe(60)
  })
})

describe('account', () => {
  test('a configured key is asked for, and only Solana is served', async () => {
    const { url: locked } = await start({ apiKeys: { birdeye: 'right' } })
    expect((await get('/utils/v1/credits', {}, locked)).status).toBe(401)
    expect((await get('/utils/v1/credits', { 'x-api-key': 'wrong' }, locked)).status).toBe(401)
    expect((await get('/utils/v1/credits', { 'x-api-key': 'right', 'x-chain': 'solana' }, locked)).status).toBe(200)
    expect((await get('/utils/v1/credits', { 'x-api-key': 'right', 'x-chain': 'ethereum' }, locked)).status).toBe(400)
  })

  test('requests a second over the account limit get 429, over the wallet group limit too', async () => {
    const { url: limited } = await start({ limits: { accountPerSecond: 5 } })
    const statuses = await Promise.all(
      Array.from({ length: 9 }, () => get('/utils/v1/credits', {}, limited).then((reply) => reply.status)),
    )
    expect(statuses.filter((status) => status === 429)).toHaveLength(4)
    const { url: wallets } = await start({ limits: { walletGroupPerMinute: 2 } })
    const group = []
    for (let call = 0; call < 3; call += 1) group.push((await get('/v1/wallet/tx_list', {}, wallets)).status)
    expect(group).toEqual([404, 404, 429])
    expect((await get('/utils/v1/credits', {}, wallets)).status).toBe(200)
  })

  test('compute units run out as HTTP 400 with the quota message', async () => {
    const { url: poor } = await start({ limits: { computeUnits: 35 } })
    const path = `/trader/txs/seek_by_time?address=${busiest}&limit=1`
    expect([(await get(path, {}, poor)).status, (await get(path, {}, poor)).status]).toEqual([200, 200])
    const refused = await get(path, {}, poor)
    expect([refused.status, refused.json]).toEqual([
      400,
      { success: false, message: 'Compute units usage limit exceeded' },
    ])
    expect((await get('/utils/v1/credits', {}, poor)).json.data.remaining.total).toBe(4)
  })
})
