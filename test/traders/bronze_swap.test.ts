import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SwapRow, toSwap } from '../../activities/traders/bronze_swap.js'
import { parseLossless } from '../../infra/http/lossless_json.js'

const item = (change: Record<string, unknown> = {}) => ({
  base: { symbol: 'Bonk', decimals: 5, address: 'bonk', amount: 100, price: 2, change_amount: 100, type_swap: 'to' },
  quote: { symbol: 'SOL', decimals: 9, address: 'sol', amount: 7, price: 150, change_amount: -7, type_swap: 'from' },
  tx_hash: 'hash',
  ins_index: 2,
  inner_ins_index: 1,
  block_unix_time: 1_795_000_000,
  block_number: 5,
  address: 'pool',
  volume_usd: 3,
  source: 'raydium',
  interacted_program_id: 'program',
  owner: 'someone',
  ...change,
})
const row = (value: unknown): SwapRow => {
  const swap = toSwap(value, 'wallet')
  if ('refused' in swap) throw new Error(swap.refused)
  return swap.row
}
const base = (change: Record<string, unknown>) => row(item({ base: { ...item().base, ...change } }))

test('a whole item', () => {
  expect(row(item())).toEqual({
    wallet_address: 'wallet',
    tx_hash: 'hash',
    ins_index: 2,
    inner_ins_index: 1,
    ins_index_is_fallback: false,
    block_time: new Date(1_795_000_000_000),
    block_number: 5n,
    base_address: 'bonk',
    base_symbol: 'Bonk',
    base_decimals: 5,
    base_change_raw: 100n,
    base_price_usd: 2,
    quote_address: 'sol',
    quote_symbol: 'SOL',
    quote_decimals: 9,
    quote_change_raw: -7n,
    quote_price_usd: 150,
    volume_usd: 3,
    source: 'raydium',
    pool_address: 'pool',
    program_id: 'program',
  })
})

test('both spellings give one row', () => {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const renamed = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, field]) => [camel(name), renamed(field)]))
      : value
  expect(row(renamed(item()))).toEqual(row(item()))
})

describe('amounts', () => {
  test.each<[string, Record<string, unknown>, bigint]>([
    ['as text beyond 2^53', { change_amount: '-5000000000000000001' }, -5_000_000_000_000_000_001n],
    ['a change, whatever the direction says', { change_amount: -3, type_swap: 'to' }, -3n],
    [
      'no change: the amount, signed by the shown change',
      { change_amount: null, ui_change_amount: -0.1, type_swap: 'to' },
      -100n,
    ],
    ['neither: the amount, signed by the direction', { change_amount: undefined, type_swap: 'from' }, -100n],
    ['a change of 0 is what it says where nothing contradicts', { change_amount: 0, type_swap: undefined }, 0n],
  ])('%s', (_, change, expected) => {
    expect(base(change).base_change_raw).toBe(expected)
  })

  test('as a number of a page, beyond 2^53', () => {
    const text = JSON.stringify(item()).replace('"change_amount":100', '"change_amount":5000000000000000001')
    expect(row(parseLossless(text)).base_change_raw).toBe(5_000_000_000_000_000_001n)
  })
})

test('prices: the leg, the item, the nearest, none', () => {
  expect(base({ price: null, nearest_price: 9 }).base_price_usd).toBe(9)
  expect(row(item({ base: { ...item().base, price: null, nearest_price: 9 }, base_price: 8 })).base_price_usd).toBe(8)
  expect(base({ price: null }).base_price_usd).toBeNull()
  expect(base({ price: '2.5' }).base_price_usd).toBe(2.5)
  expect(row(item({ volume_usd: undefined })).volume_usd).toBeNull()
})

test.each<[string, unknown, RegExp]>([
  ['no object', 'x', /not an object/],
  ['no hash', item({ tx_hash: null }), /tx_hash/],
  ['no legs', item({ base: undefined }), /base_address/],
  ['a fraction of a unit', item({ base: { ...item().base, change_amount: 1.5, amount: 1.5 } }), /base_change_raw/],
  ['an amount that is text', item({ base: { ...item().base, change_amount: 'many' } }), /base_change_raw/],
  ['no decimals', item({ quote: { ...item().quote, decimals: null } }), /quote_decimals/],
  ['no time', item({ block_unix_time: undefined }), /block_time/],
  ['a time that is none', item({ block_unix_time: 1e300 }), /block_time/],
])('refuses %s and says which field', (_, value, reason) => {
  expect(toSwap(value, 'wallet')).toMatchObject({ refused: expect.stringMatching(reason) })
})

describe('the key of a row without ins_index', () => {
  const bare = (change: Record<string, unknown> = {}) =>
    item({ ins_index: undefined, inner_ins_index: undefined, ...change })
  const key = (value: unknown) => [row(value).ins_index, row(value).inner_ins_index].join()

  test('is negative, marked, and the same on every read, whatever prices say by then', () => {
    expect(row(bare())).toMatchObject({ ins_index_is_fallback: true })
    expect(row(bare()).ins_index).toBeLessThan(0)
    expect(key(bare({ volume_usd: 99, base: { ...item().base, price: 77 } }))).toBe(key(bare()))
    expect(row(bare({ ins_index: null })).ins_index).toBe(row(bare()).ins_index)
  })

  test('differs between legs of one transaction that differ in anything that moved', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(), fc.constantFrom('p', 'q')), { selector: String, minLength: 2 }),
        (legs) => {
          const keys = legs.map(([amount, pool]) =>
            key(bare({ address: pool, base: { ...item().base, change_amount: amount + 1 } })),
          )
          expect(new Set(keys).size).toBe(legs.length)
        },
      ),
    )
  })

  test('an instruction that is not inside another is told apart from the first inside it', () => {
    expect(row(item({ inner_ins_index: null })).inner_ins_index).toBe(-1)
    expect(row(item({ inner_ins_index: 0 })).inner_ins_index).toBe(0)
  })
})
