import { createHash, generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { BirdEye } from '../../activities/traders/birdeye.js'
import { selectTokens } from '../../activities/traders/birdeye_tokens.js'
import { aggregateHolders, fetchWhales, ownerKind } from '../../activities/traders/bronze_whales.js'
import { isOnCurve, isSolanaAddress } from '../../activities/traders/solana_address.js'
import { SourceChanged } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { knownOwners } from '../../schemas/traders/addresses.js'
import { whaleHolders } from '../../schemas/traders/bronze/whale_holders.js'
import { wrappedSolAddress } from '../../schemas/traders/quote_assets.js'
import { smartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import { type Asked, type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'

const asOf = new Date('2026-11-21T06:00:00Z')
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base58 = (bytes: Buffer): string => {
  let text = ''
  for (let value = BigInt(`0x${bytes.toString('hex')}`); value > 0n; value /= 58n)
    text = alphabet[Number(value % 58n)] + text
  return '1'.repeat(bytes.findIndex((byte) => byte !== 0)) + text
}
/** Real public keys, the same number of them whatever they are. */
const wallets = (count: number): string[] =>
  Array.from({ length: count }, () => {
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
    return base58(Buffer.from(x ?? '', 'base64url'))
  })

let server: ScriptedServer | undefined
let birdEye: BirdEye | undefined
afterEach(async () => {
  birdEye?.close()
  await server?.close()
})
/** Lists by path, paged as BirdEye does, at most `largest` at once. */
const start = async (
  lists: Record<string, (asked: Asked) => readonly unknown[]>,
  largest = 100,
  nextName = 'hasNext',
) => {
  server = await startScriptedServer((asked, response) => {
    const offset = Number(asked.query.get('offset'))
    const limit = Number(asked.query.get('limit'))
    if (limit > largest) {
      return sendJson(response, 400, { success: false, message: `limit should be integer, range 1-${largest}` })
    }
    const all = lists[asked.path]?.(asked) ?? []
    const items = all.slice(offset, offset + limit)
    sendJson(response, 200, { data: { items, [nextName]: offset + limit < all.length }, success: true })
  })
  birdEye = new BirdEye({
    baseUrl: server.url,
    requestsPerSecond: 1e5,
    walletGroupRequestsPerMinute: 30,
    computeUnitPrices: {},
  })
  return birdEye.within(new ComputeUnitBudget(1e9))
}

describe('addresses', () => {
  test('the public key of a key pair is on the curve; about half of all 32 bytes are', () => {
    expect(wallets(50).every(isOnCurve)).toBe(true)
    const hashes = Array.from({ length: 400 }, (_, n) => base58(createHash('sha256').update(String(n)).digest()))
    const share = hashes.filter(isOnCurve).length / hashes.length
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.6)
  })

  test.each([
    ['Raydium authority', '5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1', false],
    ['Raydium authority of CPMM', 'GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL', false],
    ['Binance', '5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9', true],
    ['Token program', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', true],
  ])('%s', (_, address, expected) => {
    expect(isOnCurve(address)).toBe(expected)
  })

  test.each(['', '0OIl', 'tooshort', `${'1'.repeat(33)}`, 'z'.repeat(44)])('"%s" is no address', (text) => {
    expect(isSolanaAddress(text)).toBe(false)
    expect(isOnCurve(text)).toBe(false)
  })

  test('every known owner is an address', () => {
    expect([...knownOwners.keys()].filter((address) => !isSolanaAddress(address))).toEqual([])
  })

  test('an owner is known by name, else by the curve', () => {
    const [wallet = ''] = wallets(1)
    expect(ownerKind(wallet)).toBe('wallet')
    expect(ownerKind('5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1')).toBe('pool')
    expect(ownerKind('5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9')).toBe('exchange')
    expect(ownerKind('1nc1nerator11111111111111111111111111111111')).toBe('burn')
    const hash = (n: number) => base58(createHash('sha256').update(String(n)).digest())
    const derived = [0, 1, 2, 3, 4, 5, 6, 7].map(hash).filter((address) => !isOnCurve(address))
    expect(derived.map(ownerKind)).toEqual(derived.map(() => 'program'))
  })
})

describe('whales', () => {
  test('token accounts are summed by owner, top traders joined, every digit kept', async () => {
    const [a = '', b = '', c = ''] = wallets(3)
    const holder = (owner: string, account: string, amount: string) => ({
      owner,
      token_account: account,
      amount,
      decimals: 5,
    })
    const holders = [
      holder(a, '1', '5000000000000000001'),
      holder(b, '2', '7000000000000000000'),
      holder(a, '3', '4000000000000000001'),
      holder(a, '3', '4000000000000000001'),
    ]
    const traders = [
      { owner: c, tags: ['sniper-bot'], volume: 12.5, trade: 3 },
      { owner: a, tags: [], volume: 2, trade: 1 },
    ]
    const work = await start({ '/defi/v3/token/holder': () => holders, '/defi/v2/tokens/top_traders': () => traders })
    const { rows, rejected } = await fetchWhales(work, asOf, 'token', { holdersPerToken: 500, topTradersPerToken: 30 })
    expect(rejected).toEqual([])
    expect(rows.map((row) => whaleHolders.row.parse(row))).toEqual(rows)
    expect(
      rows.map(({ wallet_address, amount_raw, token_account_count, holder_rank, top_trader_rank, tags }) => [
        wallet_address,
        amount_raw,
        token_account_count,
        holder_rank,
        top_trader_rank,
        tags,
      ]),
    ).toEqual([
      [a, 9_000_000_000_000_000_002n, 2, 1, 2, '[]'],
      [b, 7_000_000_000_000_000_000n, 1, 2, null, '[]'],
      [c, 0n, 0, null, 1, '["sniper-bot"]'],
    ])
  })

  test('lists are read to the number asked for, in pages the endpoint allows', async () => {
    const owners = wallets(300)
    const work = await start(
      {
        '/defi/v3/token/holder': () =>
          owners.map((owner, n) => ({ owner, token_account: `a${n}`, amount: String(1_000 - n) })),
        '/defi/v2/tokens/top_traders': () => owners.map((owner) => ({ owner, tags: [], volume: 1, trade: 1 })),
      },
      50,
    )
    const { rows } = await fetchWhales(work, asOf, 'token', { holdersPerToken: 120, topTradersPerToken: 25 })
    expect(rows.filter((row) => row.holder_rank !== null)).toHaveLength(120)
    expect(rows.filter((row) => row.top_trader_rank !== null)).toHaveLength(25)
    const limits = (path: string) =>
      server?.asked.filter((asked) => asked.path === path).map(({ query }) => query.get('limit'))
    expect(limits('/defi/v3/token/holder')).toEqual(['100', '50', '50', '50'])
    expect(limits('/defi/v2/tokens/top_traders')).toEqual(['10', '10', '10'])
  })

  test('the order in which accounts come does not matter', () => {
    const holders = wallets(20).map((owner, n) => ({ owner, token_account: `a${n}`, amount_raw: BigInt(n % 3) }))
    expect(aggregateHolders(asOf, 't', holders.toReversed(), [])).toEqual(aggregateHolders(asOf, 't', holders, []))
  })

  test('an owner that is no address is kept aside', async () => {
    const [good = ''] = wallets(1)
    const work = await start({
      '/defi/v3/token/holder': () => [
        { owner: 'nobody', token_account: 'x', amount: '1' },
        { owner: good, token_account: 'y', amount: '1' },
      ],
    })
    const { rows, rejected } = await fetchWhales(work, asOf, 'token', { holdersPerToken: 5, topTradersPerToken: 0 })
    expect(rows.map(({ wallet_address }) => wallet_address)).toEqual([good])
    expect(rejected).toMatchObject([{ reason: 'owner: not a Solana address', subject_address: 'token' }])
  })
})

describe('token selection', () => {
  const selection = smartTradersInput.parse({}).tokens
  const token = (address: string, change: Record<string, unknown> = {}) => ({
    address,
    symbol: 'T',
    name: 'T\u0000oken',
    decimals: 6,
    price: null,
    liquidity: 2e6,
    volume_1h_usd: 2e5,
    price_change_24h_percent: 40,
    holder: 12,
    last_trade_unix_time: 1_795_000_000,
    ...change,
  })

  test.each(['hasNext', 'has_next', 'unnamed'])(
    'asks with the filters and keeps what meets them, once (%s)',
    async (nextName) => {
      const tokens = [
        token('a'),
        token('a'),
        token(wrappedSolAddress),
        token('low', { liquidity: 1 }),
        token('calm', { volume_1h_usd: 5 }),
        token('fell', { price_change_24h_percent: -3 }),
        token('unsaid', { volume_1h_usd: undefined }),
        token('b'),
        token('c'),
      ]
      const work = await start({ '/defi/v3/token/list': () => tokens }, 4, nextName)
      const { rows } = await selectTokens(work, asOf, { ...selection, limit: 3 })
      expect(rows.map((row) => [row.token_address, row.selection_rank])).toEqual([
        ['a', 1],
        ['unsaid', 2],
        ['b', 3],
      ])
      expect(rows[0]).toMatchObject({
        name: 'Token',
        price_usd: null,
        last_trade_at: new Date(1_795_000_000_000),
        holder_count: 12,
      })
      expect(Object.fromEntries(server?.asked[1]?.query ?? [])).toEqual({
        sort_by: 'liquidity',
        sort_type: 'desc',
        min_liquidity: '1000000',
        max_liquidity: '3000000',
        min_volume_1h_usd: '100000',
        min_price_change_24h_percent: '30',
        offset: '0',
        limit: '4',
      })
    },
  )

  test('a list of another shape stops', async () => {
    const work = await start({ '/defi/v3/token/list': () => Array.from({ length: 9 }, (_, n) => ({ mint: n })) })
    await expect(selectTokens(work, asOf, selection)).rejects.toThrow(SourceChanged)
  })

  test('a list that repeats itself ends', async () => {
    server = await startScriptedServer((_, response) =>
      sendJson(response, 200, { success: true, data: { items: [token('a')], has_next: true } }),
    )
    birdEye = new BirdEye({
      baseUrl: server.url,
      requestsPerSecond: 1e5,
      walletGroupRequestsPerMinute: 30,
      computeUnitPrices: {},
    })
    await expect(selectTokens(birdEye.within(new ComputeUnitBudget(1e9)), asOf, selection)).rejects.toThrow(
      'repeats one page',
    )
  })
})
