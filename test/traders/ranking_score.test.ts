import { expect, test } from 'vitest'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { type Match, openGold, position, rowsOf } from './gold_wallets.js'

interface Given {
  readonly address: string
  readonly matches: readonly Match[]
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const groups = <T>(values: readonly T[], key: (value: T) => string): T[][] => {
  const found = new Map<string, T[]>()
  for (const value of values) found.set(key(value), [...(found.get(key(value)) ?? []), value])
  return [...found.values()]
}

/** The formula of docs/ranking.md, written a second time and plainly. */
const scores = (wallets: readonly Given[]): number[] => {
  const measured = wallets.map(({ matches }) => {
    const returns = matches.map((match) => ({
      ...match,
      x: Math.log(Math.min(11, Math.max(0.01, Number(match.proceeds_usd) / Number(match.cost_usd)))),
    }))
    const n = returns.length
    const m = mean(returns.map(({ x }) => x))
    const s2 = returns.reduce((sum, { x }) => sum + (x - m) ** 2, 0) / (n - 1)
    const effect = (key: (match: Match) => string) => {
      const clusters = groups(returns, (each) => key(each))
      if (clusters.length < 2) return n
      const together = clusters.reduce((sum, each) => sum + each.reduce((total, { x }) => total + x - m, 0) ** 2, 0)
      return Math.min(n, Math.max(1, ((clusters.length / (clusters.length - 1)) * together) / n / s2))
    }
    const design = Math.max(
      effect(({ bought_at }) => bought_at.toISOString().slice(0, 10)),
      effect(({ token_address }) => token_address),
    )
    return { n, m, s2, design }
  })
  const s02 =
    measured.reduce((sum, { n, s2 }) => sum + (n - 1) * s2, 0) / measured.reduce((sum, { n }) => sum + n - 1, 0)
  const known = measured.map((wallet) => ({
    ...wallet,
    v: (((4 * s02 + (wallet.n - 1) * wallet.s2) / (4 + wallet.n - 1)) * wallet.design) / wallet.n,
  }))
  const sum = (of: (wallet: (typeof known)[number]) => number) => known.reduce((total, each) => total + of(each), 0)
  const w = sum(({ v }) => 1 / v)
  const centre = sum(({ v, m }) => m / v) / w
  const q = sum(({ v, m }) => (m - centre) ** 2 / v)
  const tau2 = Math.max(0.01 ** 2, (q - (known.length - 1)) / (w - sum(({ v }) => v ** -2) / w))
  const mu = Math.min(0, sum(({ v, m }) => m / (v + tau2)) / sum(({ v }) => 1 / (v + tau2)))
  return known.map(({ n, m, v, design }) => {
    const trust = tau2 / (tau2 + v)
    const degrees = 4 + n / design - 1
    const z = 1.6448536269514722
    const t = z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
    return mu + trust * (m - mu) - t * Math.sqrt(trust * v)
  })
}

test('the score is the documented formula, computed a second time without SQL', async () => {
  const wallets = Array.from({ length: 8 }, (_, number) => {
    const address = `wallet${number}`
    const matches = Array.from({ length: 3 + 4 * number }, (_, trade) =>
      position(address, trade + 1, 0.04 * number - 0.12 + Math.sin(number * 5 + trade * trade) / (3 + number), {
        bought_at: new Date(Date.UTC(2026, 9, 1 + (trade % (2 + number)))),
        sold_at: new Date(Date.UTC(2026, 10, 1)),
        token_address: `token${trade % (2 + (number % 3))}`,
        sell_sequence: 2 * trade + 2,
        buy_sequence: 2 * trade + 1,
      }),
    )
    return { address, matches }
  })
  const ranked = await rowsOf(await openGold(wallets), smartWallets)
  expect(ranked).toHaveLength(wallets.length)
  const expected = scores(wallets)
  for (const [index, { address }] of wallets.entries()) {
    const row = ranked.find(({ wallet_address }) => wallet_address === address)
    expect.soft(row?.['score']).toBeCloseTo(expected[index] ?? Number.NaN, 5)
  }
}, 60_000)
