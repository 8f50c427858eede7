import { smartWallets } from '../schemas/traders/gold/smart_wallets.js'
import { walletFigures } from '../schemas/traders/gold/wallet_figures.js'
import { type Known, loadMarket, type MarketSize } from './ranking_market.js'

const top = 10

/**
 * What a ranking may choose from, and in which order. Ties go to the higher total PnL, which helps the others, since the score
 * has none. The three named in the question come twice: over every wallet that is no program, and over those the rules let pass.
 */
export const rankings = {
  score: { over: 'passed', by: 'score' },
  'total PnL': { over: 'everyone', by: 'total_pnl_usd' },
  'realized PnL': { over: 'everyone', by: 'realized_pnl_usd' },
  ROI: { over: 'everyone', by: 'roi' },
  'win rate': { over: 'everyone', by: 'win_rate' },
  'total PnL, rules passed': { over: 'passed', by: 'total_pnl_usd' },
  'ROI, rules passed': { over: 'passed', by: 'roi' },
  'win rate, rules passed': { over: 'passed', by: 'win_rate' },
  'trade count, rules passed': { over: 'passed', by: 'trade_count' },
  'mean return, rules passed': { over: 'passed', by: 'edge' },
} as const

export type Ranking = keyof typeof rankings

export interface Outcome {
  /** Share of the first ten (or of all, where there are fewer) that were planted as skilled. */
  readonly precision: number
  /** Mean return of the same wallets over the 30 days after the ranking: an equal stake in each. */
  readonly futureReturn: number
}

export interface Measured {
  readonly outcomes: Readonly<Record<Ranking, Outcome>>
  readonly medianReturn: number
  /** Of all planted as skilled: what a ranking that knew the truth would earn without knowing the future. */
  readonly skilledReturn: number
  readonly skilled: number
  readonly ranked: number
}

/** Ranks one market's history in each way and looks up what became of the first ten. */
export const measureRankings = async (seed: number, size: MarketSize): Promise<Measured> => {
  const { gold, truth } = await loadMarket(seed, size)
  const ranked = await gold.relation(smartWallets)
  const figures = await gold.relation(walletFigures)
  await gold.connection.run(`
    CREATE TEMP VIEW everyone AS FROM ${figures} WHERE program_owners = 0;
    CREATE TEMP VIEW passed AS FROM ${ranked};`)
  const outcomes: Partial<Record<Ranking, Outcome>> = {}
  for (const [name, { over, by }] of Object.entries(rankings)) {
    const first = await gold.rows(
      `SELECT wallet_address FROM ${over} ORDER BY ${by} DESC NULLS LAST, total_pnl_usd DESC, wallet_address LIMIT ${top}`,
    )
    outcomes[name as Ranking] = outcomeOf(first.map((row) => truth.get(String(row['wallet_address']))))
  }
  const everyone = (await gold.rows('SELECT wallet_address FROM everyone')).map(
    (row) => truth.get(String(row['wallet_address']))?.futureReturn ?? 0,
  )
  const [count] = await gold.rows('SELECT count(*)::INTEGER AS n FROM passed')
  gold.close()
  const skilled = [...truth.values()].filter(({ kind }) => kind === 'skilled')
  return {
    outcomes: outcomes as Record<Ranking, Outcome>,
    medianReturn: median(everyone),
    skilledReturn: mean(skilled.map(({ futureReturn }) => futureReturn)),
    skilled: skilled.length,
    ranked: Number(count?.['n']),
  }
}

const outcomeOf = (wallets: readonly (Known | undefined)[]): Outcome => ({
  precision: mean(wallets.map((wallet) => (wallet?.kind === 'skilled' ? 1 : 0))),
  futureReturn: mean(wallets.map((wallet) => wallet?.futureReturn ?? 0)),
})

/** Of nothing: 0. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length / 2
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1))
}
