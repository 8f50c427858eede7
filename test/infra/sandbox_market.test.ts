import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { base58, isOnCurve, transactionSignature } from '../../infra/sandbox/addresses.js'
import { createMarket, type MarketOptions, swapItems } from '../../infra/sandbox/market.js'
import { QUIRK, swapItem, swapJson } from '../../infra/sandbox/swap.js'

const DAY_MS = 86_400_000
const options: MarketOptions = { seed: 11, tokens: 12, wallets: 120, swaps: 24_000, startsAt: Date.UTC(2026, 7, 13) }
const { market, truth } = createMarket(options)
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Written apart from the sandbox's own encoder. */
function decode(text: string): Uint8Array {
  let value = 0n
  for (const letter of text) value = value * 58n + BigInt(alphabet.indexOf(letter))
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  const hex = value === 0n ? '' : value.toString(16)
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')])
}

function fingerprint(of: MarketOptions): string {
  const made = createMarket(of)
  const hash = createHash('sha256')
  for (const item of swapItems(made.market, of.startsAt + 200 * DAY_MS)) hash.update(swapJson(item))
  for (const [address, { kind, futureReturn }] of made.truth) hash.update(`${address}${kind}${futureReturn}`)
  return hash.digest('hex')
}

describe('a generated market', () => {
  test('is the same for the same seed to the last byte, and another for another', () => {
    const small = { ...options, wallets: 40, swaps: 4_000 }
    expect(fingerprint(small)).toBe(fingerprint(small))
    expect(fingerprint(small)).not.toBe(fingerprint({ ...small, seed: 12 }))
  })

  test('has about as many swaps as asked for, from the start to the end of the future', () => {
    const swaps = [...market.swaps.values()].flat()
    expect(Math.abs(swaps.length - options.swaps)).toBeLessThan(options.swaps * 0.02)
    const times = swaps.map((swap) => swap.timeS * 1000)
    const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
    expect(first).toBeGreaterThanOrEqual(options.startsAt)
    expect(first).toBeLessThan(options.startsAt + 3 * DAY_MS)
    expect(last).toBeGreaterThan(market.nowMs + 25 * DAY_MS)
    expect(last).toBeLessThanOrEqual(market.nowMs + 31 * DAY_MS)
  })

  test('plants every kind in its share', () => {
    const count = (kind: string) => [...truth.values()].filter((one) => one.kind === kind).length
    expect(
      Object.fromEntries(['skilled', 'lucky', 'one_hit', 'bot', 'wash', 'holder'].map((kind) => [kind, count(kind)])),
    ).toEqual({ skilled: 6, lucky: 12, one_hit: 6, bot: 10, wash: 6, holder: 14 })
    expect(truth.size).toBe(120)
  })

  test('names wallets by keys on the curve and pools by addresses off it', () => {
    for (const wallet of market.wallets) {
      expect(decode(wallet)).toHaveLength(32)
      expect(isOnCurve(decode(wallet))).toBe(true)
      expect(base58(decode(wallet))).toBe(wallet)
    }
    for (const token of market.tokens)
      for (const pool of token.pools) expect(isOnCurve(decode(pool.address))).toBe(false)
  })

  test('has signatures of 64 bytes, one for each transaction', () => {
    const owners = new Map<string, string>()
    for (const item of swapItems(market)) {
      expect(owners.get(item.tx_hash) ?? item.owner).toBe(item.owner)
      owners.set(item.tx_hash, item.owner)
    }
    for (const signature of [...owners.keys()].slice(0, 500)) expect(decode(signature)).toHaveLength(64)
    const transactions = new Set(
      [...market.swaps.values()]
        .flat()
        .filter((swap) => swap.timeS * 1000 <= market.nowMs)
        .map((swap) => swap.transaction),
    )
    expect(owners.size).toBe(transactions.size)
  })

  test('ends a signature in its number, so that none can come twice', () => {
    const numbers = Array.from({ length: 4_000 }, (_, index) => [index, 100_000 * index, 999_999_999 - index]).flat()
    const ends = numbers.map((number) => transactionSignature(1, number).slice(-7))
    expect(new Set(ends).size).toBe(new Set(numbers).size)
  })

  test('never sells more than was bought, in the order of time, block, signature and index, but for tokens that came by transfer', () => {
    let transferred = 0
    for (const swaps of market.swaps.values()) {
      const rows = swaps.toReversed().map((swap) => ({ swap, item: swapItem(options.seed, swap) }))
      rows.sort((left, right) => {
        const [a, b] = [left.item, right.item]
        return (
          a.block_unix_time - b.block_unix_time ||
          a.block_number - b.block_number ||
          (a.tx_hash < b.tx_hash ? -1 : a.tx_hash > b.tx_hash ? 1 : 0) ||
          (a.ins_index ?? 0) - (b.ins_index ?? 0) ||
          (a.inner_ins_index ?? 0) - (b.inner_ins_index ?? 0)
        )
      })
      // That order is the one in which the swaps were made.
      expect(rows.map(({ swap }) => swap)).toEqual(swaps.toReversed())
      const held = new Map<string, bigint>()
      for (const { swap } of rows) {
        if (swap.quirks & QUIRK.transferredIn) {
          transferred += 1
          continue
        }
        for (const [asset, change] of [
          [swap.base, swap.baseChange],
          [swap.quote, swap.quoteChange],
        ] as const) {
          if (market.isMoney(asset) || asset.staked) continue
          const balance = (held.get(asset.address) ?? 0n) + change
          if (balance < 0n) expect.fail(`${swap.owner} holds ${balance} of ${asset.symbol} at ${swap.timeS}`)
          held.set(asset.address, balance)
        }
      }
    }
    expect(transferred).toBeGreaterThan(0)
  })

  test('leaves every wallet with a selected token at now', () => {
    for (const seed of [21, 22, 23]) {
      const other = createMarket({ ...options, seed, wallets: 150 }).market
      const hot = new Set(other.tokens.filter((token) => token.hot).map((token) => token.address))
      for (const [owner, swaps] of other.swaps) {
        const held = new Map<string, bigint>()
        for (const swap of swaps) {
          if (swap.timeS * 1000 > other.nowMs || swap.quirks & QUIRK.transferredIn) continue
          held.set(swap.base.address, (held.get(swap.base.address) ?? 0n) + swap.baseChange)
          held.set(swap.quote.address, (held.get(swap.quote.address) ?? 0n) + swap.quoteChange)
        }
        const kept = [...held].filter(([address, balance]) => hot.has(address) && balance > 0n)
        if (kept.length === 0) expect.fail(`${owner} (seed ${seed}) holds no selected token`)
      }
    }
  })

  test('has every oddity that the API is known for', () => {
    const items = [...swapItems(market)]
    const share = (odd: (item: (typeof items)[number]) => boolean) => items.filter(odd).length / items.length
    const isMoney = (address: string) => market.isMoney({ ...market.quotes.usdc, address })
    expect(share((item) => item.base.amount > 2n ** 53n)).toBeGreaterThan(0.04)
    expect(
      share((item) => item.base.amount > 2n ** 53n && BigInt(Number(item.base.amount)) !== item.base.amount),
    ).toBeGreaterThan(0.01)
    expect(share((item) => item.base.price === null)).toBeGreaterThan(0.01)
    expect(share((item) => item.quote.price === null)).toBeGreaterThan(0.001)
    expect(share((item) => item.volume_usd === undefined)).toBeGreaterThan(0.05)
    expect(share((item) => item.ins_index === undefined)).toBeGreaterThan(0.005)
    expect(share((item) => item.source === 'stake_pool')).toBeGreaterThan(0)
    expect(share((item) => !isMoney(item.base.address) && !isMoney(item.quote.address))).toBeGreaterThan(0.001)
    expect(share((item) => isMoney(item.base.address) && isMoney(item.quote.address))).toBeGreaterThan(0)
    expect(share((item) => isMoney(item.base.address) && !isMoney(item.quote.address))).toBeGreaterThan(0.005)
    const inconsistent = (item: (typeof items)[number]) =>
      item.base.price !== null &&
      item.quote.price !== null &&
      Math.abs((item.base.ui_amount * item.base.price) / (item.quote.ui_amount * item.quote.price) - 1) > 0.001
    expect(share(inconsistent)).toBeGreaterThan(0.3)
    const legs = new Map<string, number>()
    const seconds = new Map<string, number>()
    for (const item of items) {
      legs.set(item.tx_hash, (legs.get(item.tx_hash) ?? 0) + 1)
      seconds.set(
        `${item.owner}${item.block_unix_time}`,
        (seconds.get(`${item.owner}${item.block_unix_time}`) ?? 0) + 1,
      )
    }
    expect([...legs.values()].filter((count) => count > 1).length).toBeGreaterThan(100)
    expect(Math.max(...seconds.values())).toBeGreaterThan(100)
  })

  test('gives each row a key of its own', () => {
    const keys = new Set<string>()
    let rows = 0
    for (const item of swapItems(market)) {
      rows += 1
      const place =
        item.ins_index === undefined
          ? `${item.address}${item.base.change_amount}`
          : `${item.ins_index}/${item.inner_ins_index}`
      keys.add(`${item.tx_hash}${place}`)
    }
    expect(keys.size).toBe(rows)
  })

  test('lets skill last and luck end', () => {
    const median = (kind: string) => {
      const returns = [...truth.values()].filter((one) => one.kind === kind).map((one) => one.futureReturn)
      return returns.sort((a, b) => a - b)[Math.floor(returns.length / 2)] ?? Number.NaN
    }
    expect(median('skilled')).toBeGreaterThan(0.2)
    for (const kind of ['lucky', 'one_hit', 'random']) expect(median(kind)).toBeLessThan(median('skilled') / 2)
  })
})
