import { beforeAll, expect, test } from 'vitest'
import { type Measured, mean, measureRankings } from '../../bench/ranking_measure.js'

const size = { wallets: 300, swaps: 20_000, tokens: 30, maxTransactions: 10_000 }
const named = ['total PnL', 'ROI', 'win rate'] as const

let markets: Measured[]
beforeAll(async () => {
  markets = []
  for (const seed of [1_001, 1_002, 1_003]) markets.push(await measureRankings(seed, size))
}, 120_000)

/** The bound of the 50-seed bench, on a few seeds that are not among them. */
test('nine of the first ten were planted as skilled', () => {
  expect(mean(markets.map(({ outcomes }) => outcomes.score.precision))).toBeGreaterThanOrEqual(0.9)
})

test.each(named)('the score is more precise than ranking by %s, and its first ten earn more afterwards', (name) => {
  const of = (ranking: 'score' | typeof name, figure: 'precision' | 'futureReturn') =>
    mean(markets.map(({ outcomes }) => outcomes[ranking][figure]))
  expect(of('score', 'precision')).toBeGreaterThan(of(name, 'precision'))
  expect(of('score', 'futureReturn')).toBeGreaterThan(of(name, 'futureReturn'))
})

test('the first ten earn more afterwards than the median wallet, in every market', () => {
  for (const { outcomes, medianReturn } of markets) {
    expect(outcomes.score.futureReturn).toBeGreaterThan(medianReturn)
  }
})
