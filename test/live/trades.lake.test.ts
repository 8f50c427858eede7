import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webhookBalances } from '../../schemas/traders/bronze/webhook_balances.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { trades } from '../../schemas/traders/live/trades.js'
import { wrappedSolAddress } from '../../schemas/traders/quote_assets.js'
import { addressOf, enhancedSwap, walletOf } from './events.js'
import { contents, type LiveLake, openLiveLake } from './live_lake.js'

const asOf = '2026-11-21T12:00:10.000Z'
const at = new Date('2026-11-21T12:00:00Z')
const token = addressOf('token')
const usdc = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'

let live: LiveLake
beforeAll(async () => {
  live = await openLiveLake()
})
afterAll(() => live.close())

const tradesOf = (owner: string) =>
  live.rows(`
    SELECT side, token_address, quantity_raw, counter_token_address, counter_quantity_raw, counter_decimals
    FROM lake.traders_live.trades WHERE wallet_address = '${owner}' ORDER BY block_time, signature, token_address`)

/** Each test has a wallet of its own in the lake that all share. */
const swap = (wallet: string, seed: string, side: 'buy' | 'sell', more: object = {}) =>
  enhancedSwap({ seed: `${wallet} ${seed}`, wallet, token, side, at, ...more })

/** An event of one wallet: lamports of its account, and of its token accounts with their tokens. */
const changes = (
  wallet: string,
  lamports: number,
  tokens: readonly { mint: string; amount: string; decimals?: number; lamports?: number }[],
  more: object = {},
) => ({
  ...swap(wallet, 'only', 'buy'),
  accountData: [
    { account: wallet, nativeBalanceChange: lamports, tokenBalanceChanges: [] },
    ...tokens.map(({ mint, amount, decimals = 6, lamports: rent = 0 }) => ({
      account: addressOf(`${wallet} ${mint}`),
      nativeBalanceChange: rent,
      tokenBalanceChanges: [
        {
          userAccount: wallet,
          tokenAccount: addressOf(`${wallet} ${mint}`),
          mint,
          rawTokenAmount: { tokenAmount: amount, decimals },
        },
      ],
    })),
  ],
  ...more,
})

test('a purchase and a sale, the network fee given back, and the pool is nobody', async () => {
  const wallet = walletOf('both')
  await live.deliver(swap(wallet, '1', 'buy'), swap(wallet, '2', 'sell', { lamports: 2_500_000_000n }))
  await live.activities.deriveTrades({ asOf })
  expect(await live.rows('SELECT DISTINCT wallet_address FROM lake.traders_live.trades')).toEqual([
    { wallet_address: wallet },
  ])
  expect(
    (await tradesOf(wallet)).map((row) => [row['side'], row['quantity_raw'], row['counter_quantity_raw']]).sort(),
  ).toEqual([
    ['buy', '5000000000', '2000000000'],
    ['sell', '5000000000', '2500000000'],
  ])
})

test.each<[string, ReturnType<typeof changes>, object[]]>([
  ['tokens that came alone were sent', changes(walletOf('a'), -5_000, [{ mint: token, amount: '7' }]), []],
  [
    'tokens that went with the rent of the other’s account were sent',
    changes(walletOf('b'), -5_000 - 2_039_280, [{ mint: token, amount: '-7' }]),
    [],
  ],
  [
    'rent of an own account is no price',
    changes(walletOf('c'), -5_000 - 2_039_280, [{ mint: token, amount: '7', lamports: 2_039_280 }]),
    [],
  ],
  [
    'rent of an own account is not paid for the token',
    changes(walletOf('d'), -5_000 - 2_039_280 - 1_000_000_000, [{ mint: token, amount: '7', lamports: 2_039_280 }]),
    [{ side: 'buy', counter_token_address: wrappedSolAddress, counter_quantity_raw: '1000000000' }],
  ],
  [
    'wrapped SOL is SOL',
    changes(walletOf('e'), -5_000, [
      { mint: token, amount: '-7' },
      { mint: wrappedSolAddress, amount: '900000000', decimals: 9, lamports: 900_000_000 },
    ]),
    [{ side: 'sell', counter_token_address: wrappedSolAddress, counter_quantity_raw: '900000000' }],
  ],
  [
    'a stablecoin comes before the SOL of a tip',
    changes(walletOf('f'), -5_000 - 12_000_000, [
      { mint: token, amount: '7' },
      { mint: usdc, amount: '-25000000' },
    ]),
    [{ side: 'buy', counter_token_address: usdc, counter_quantity_raw: '25000000', counter_decimals: 6 }],
  ],
  [
    'a token for a token is a sale and a purchase',
    changes(walletOf('g'), -5_000, [
      { mint: token, amount: '-7' },
      { mint: addressOf('other'), amount: '9' },
    ]),
    [
      { side: 'buy', token_address: addressOf('other'), counter_token_address: token, counter_quantity_raw: '7' },
      { side: 'sell', token_address: token, counter_token_address: addressOf('other'), counter_quantity_raw: '9' },
    ],
  ],
  [
    'what failed changed nothing but the fee',
    changes(walletOf('h'), -1_000_000_000, [{ mint: token, amount: '7' }], {
      transactionError: { InstructionError: [0, 'x'] },
    }),
    [],
  ],
  [
    'a stablecoin for SOL is no trade of a token',
    changes(walletOf('i'), -1_000_000_000, [{ mint: usdc, amount: '150000000' }]),
    [],
  ],
])('%s', async (_, event, expected) => {
  await live.deliver(event)
  await live.activities.deriveTrades({ asOf })
  const found = (await tradesOf(event.accountData[0]?.account ?? '')).sort((one, other) =>
    String(one['side']) < String(other['side']) ? -1 : 1,
  )
  expect(found).toMatchObject(expected)
  expect(found).toHaveLength(expected.length)
})

test('twice, in another order and one by one: the same rows, and none twice', async () => {
  const events = ['1', '2', '3', '4'].map((seed) =>
    swap(walletOf('repeated'), seed, Number(seed) % 2 === 0 ? 'buy' : 'sell'),
  )
  const [once, other] = await Promise.all([openLiveLake(), openLiveLake()])
  await once.deliver(...events)
  await once.activities.deriveTrades({ asOf })
  for (const event of [...events].reverse()) {
    await other.deliver(event, event)
    await other.activities.deriveTrades({ asOf })
    await other.deliver(event)
  }
  expect((await other.activities.deriveTrades({ asOf })).receipt).toBeUndefined()
  const tables = [webhookEvents, webhookBalances, trades]
  expect(await contents(other, tables)).toEqual(await contents(once, tables))
  expect((await contents(once, [trades])).flat()).toHaveLength(4)
  await Promise.all([once.close(), other.close()])
})

test('what is no transaction is kept apart with the reason, and the rest goes on', async () => {
  const event = swap(walletOf('whole'), '1', 'buy')
  await live.deliver({ signature: 'half' }, event, { meta: null }, {})
  const rejected = await live.rows(`SELECT endpoint, reason FROM lake.traders_bronze.rejected_rows ORDER BY raw_json`)
  expect(rejected).toHaveLength(3)
  expect(rejected.every(({ endpoint, reason }) => endpoint === 'Helius deliveries' && reason !== '')).toBe(true)
  expect(
    await live.rows(
      `SELECT count(*) AS n FROM lake.traders_bronze.webhook_events WHERE signature = '${event.signature}'`,
    ),
  ).toEqual([{ n: '1' }])
})

const file = fileURLToPath(
  new URL('../../../shared/data/helius/walletdoctor_3JoVBi_enhanced_txs.json.gz', import.meta.url),
)
if (!existsSync(file)) console.warn(`${file} is not there: the real transactions are not read`)

describe.skipIf(!existsSync(file))('real transactions', () => {
  const owner = '3JoVBiQEA2QKsq7TzW5ez5jVRtbbYgTNijoZzp5qgkr2'

  test('give the wallet’s trades to the lamport, and none for what was sent', async () => {
    const events = JSON.parse(gunzipSync(readFileSync(file)).toString())
    await live.deliver(...events)
    await live.activities.deriveTrades({ asOf })
    const found = await live.rows(`
      SELECT signature, side, token_address, quantity_raw, counter_token_address, counter_quantity_raw
      FROM lake.traders_live.trades WHERE wallet_address = '${owner}'`)
    // Of twenty, four are swaps; the rest are transfers and dust.
    expect(found.map(({ signature }) => signature).sort()).toEqual(
      events
        .filter(({ type }: { type: string }) => type === 'SWAP')
        .map(({ signature }: { signature: string }) => signature)
        .sort(),
    )
    expect(found.find(({ signature }) => String(signature).startsWith('5g5rkbqii8'))).toMatchObject({
      side: 'sell',
      token_address: '2GaUUmQFCHSMLRMySzjvdqwLCcGVdUpcsQDanpjwmoon',
      quantity_raw: '1986656546333',
      counter_token_address: wrappedSolAddress,
      counter_quantity_raw: String(77_849_895 - 12_000_000 - 778_498),
    })
  })
})
