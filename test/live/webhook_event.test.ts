import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type BalanceRow, toWebhookEvent } from '../../activities/traders/webhook_event.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { nativeSolAddress, wrappedSolAddress } from '../../schemas/traders/quote_assets.js'
import { addressOf, enhancedSwap } from './events.js'

const folder = fileURLToPath(new URL('../../../shared/data/helius/', import.meta.url))
const isThere = existsSync(folder)
if (!isThere) console.warn(`${folder} is not there: the real payloads are not read`)

const read = (name: string): unknown => {
  const bytes = readFileSync(folder + name)
  return parseLossless((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())
}
const items = (value: unknown): unknown[] =>
  Array.isArray(value)
    ? value.flatMap(items)
    : (typeof value === 'object' && value !== null && 'accountData' in value) || isRaw(value)
      ? [value]
      : Object.values(value ?? {}).flatMap((each) => (typeof each === 'object' ? items(each) : []))
const isRaw = (value: unknown) => typeof value === 'object' && value !== null && 'meta' in value

const telling = { origin: 'delivered', receivedAt: new Date('2026-11-21T12:00:00Z') } as const
const parsed = (item: unknown) => {
  const event = toWebhookEvent(item, telling)
  if ('refused' in event) throw new Error(event.refused)
  return event
}
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
const of = (balances: readonly BalanceRow[], owner: string, asset: string) =>
  balances.find(({ owner_address, asset_address }) => owner_address === owner && asset_address === asset)

const files = [
  'walletdoctor_3JoVBi_enhanced_txs.json.gz',
  'xray_mock_swaps.json.gz',
  'xray_mock_transfers.json.gz',
  'docs_webhook_nft_sale_payload.json',
  'docs_webhook_raw_payload.json',
]

describe.skipIf(!isThere)('the real payloads', () => {
  test.each(files)('%s: to the lamport, what the accounts gained is minus the fee', (name) => {
    const events = items(read(name)).map(parsed)
    expect(events.length).toBeGreaterThan(0)
    for (const { event, balances } of events) {
      expect([event.signature, sum(balances.map((row) => row.lamports_change))]).toEqual([
        event.signature,
        -event.fee_lamports,
      ])
    }
  })

  test.each(files)('%s: no token comes out of nothing, and what goes was burnt', (name) => {
    for (const { event, balances } of items(read(name)).map(parsed)) {
      for (const asset of new Set(balances.map((row) => row.asset_address))) {
        if (asset === nativeSolAddress || asset === wrappedSolAddress) continue
        const changes = balances.filter((row) => row.asset_address === asset).map((row) => row.change_raw)
        expect([event.signature, asset, sum(changes) <= 0n]).toEqual([event.signature, asset, true])
      }
    }
  })

  test('the same transaction, enhanced and raw, gives the same balances', () => {
    const [enhanced, raw] = ['docs_webhook_nft_sale_payload.json', 'docs_webhook_raw_payload.json'].map((name) => {
      const [item] = items(read(name))
      return parsed(item)
    })
    const sorted = (balances: readonly BalanceRow[] = []) =>
      [...balances].sort((a, b) => (a.owner_address + a.asset_address < b.owner_address + b.asset_address ? -1 : 1))
    expect(sorted(enhanced?.balances)).toEqual(sorted(raw?.balances))
    expect([enhanced?.event.form, raw?.event.form]).toEqual(['enhanced', 'raw'])
    expect({ ...raw?.event, form: '', raw_json: '', transaction_type: '', source: '' }).toEqual({
      ...enhanced?.event,
      form: '',
      raw_json: '',
      transaction_type: '',
      source: '',
    })
  })

  test('a swap of the wallet: what it gained in SOL is the output less router fee, tip and network fee', () => {
    const wallet = '3JoVBiQEA2QKsq7TzW5ez5jVRtbbYgTNijoZzp5qgkr2'
    const swap = items(read(files[0] ?? ''))
      .map(parsed)
      .find(({ event }) => event.signature.startsWith('5g5rkbqii8'))
    expect(of(swap?.balances ?? [], wallet, nativeSolAddress)?.change_raw).toBe(
      77_849_895n - 12_000_000n - 778_498n - 8_005_000n,
    )
    expect(of(swap?.balances ?? [], wallet, '2GaUUmQFCHSMLRMySzjvdqwLCcGVdUpcsQDanpjwmoon')).toMatchObject({
      change_raw: -1_986_656_546_333n,
      decimals: 6,
    })
  })
})

const event = (change: object = {}) => ({
  ...enhancedSwap({
    seed: 'one',
    wallet: addressOf('wallet'),
    token: addressOf('token'),
    side: 'buy',
    at: new Date('2026-11-21T12:00:00Z'),
  }),
  ...change,
})

test('amounts beyond 2^53 are exact', () => {
  const account = addressOf('whale')
  const text = JSON.stringify(event({ accountData: [{ account, nativeBalanceChange: 0, tokenBalanceChanges: [] }] }))
  const { balances } = parsed(
    parseLossless(text.replace('"nativeBalanceChange":0', '"nativeBalanceChange":9007199254740993')),
  )
  expect(of(balances, account, nativeSolAddress)?.change_raw).toBe(9_007_199_254_740_993n)
})

test('several token accounts of one owner are one balance', () => {
  const [owner, mint] = [addressOf('owner'), addressOf('mint')]
  const account = (name: string, amount: string, lamports: number) => ({
    account: addressOf(name),
    nativeBalanceChange: lamports,
    tokenBalanceChanges: [
      { userAccount: owner, tokenAccount: addressOf(name), mint, rawTokenAmount: { tokenAmount: amount, decimals: 6 } },
    ],
  })
  const { balances } = parsed(event({ accountData: [account('one', '5', 2_039_280), account('two', '-2', 0)] }))
  expect(balances).toMatchObject([{ owner_address: owner, change_raw: 3n, lamports_change: 2_039_280n }])
})

test.each([
  ['nothing', null, 'Invalid input'],
  ['without a signature', event({ signature: undefined }), 'signature'],
  ['with a fraction of a lamport', event({ fee: 0.5 }), 'fee'],
  ['with an amount of 40 digits', event({ slot: '1'.repeat(40) }), 'slot'],
  ['with a slot beyond 64 bits', event({ slot: '1'.repeat(20) }), 'slot'],
  [
    'raw, with balances of other accounts',
    {
      meta: { fee: 1, preBalances: [1, 2], postBalances: [1, 2] },
      slot: 1,
      blockTime: 1,
      transaction: { signatures: ['s'], message: { accountKeys: ['a'] } },
    },
    'meta.preBalances',
  ],
])('an event %s is refused with the field', (_, item, field) => {
  const read = toWebhookEvent(item, telling)
  expect('refused' in read && read.refused).toContain(field)
})
