import type { Session } from '../../infra/lake/session.js'
import { money, percent, time } from '../format.js'
import type { Output } from '../output.js'
import { lakeView } from '../readings/lake_view.js'
import { readRanking } from '../readings/ranking.js'

/** Prints the published ranking: the best wallets, with tier, figures and reasons. */
export const printTop = async (session: Session, output: Output, limit: number): Promise<void> => {
  const view = await lakeView(session, undefined)
  const { rows } = await readRanking(view, { limit, offset: 0 })
  if (output.json) return output.rows(rows.map(({ rank_before, tier_before, ...row }) => row))
  output.rows(
    rows.map((row) => ({
      rank: row['rank'],
      wallet: row['wallet_address'],
      tier: row['tier'],
      score: Number(row['score']).toFixed(4),
      'realized USD': money(row['realized_pnl_usd']),
      ROI: percent(row['roi']),
      'win rate': percent(row['win_rate']),
      coverage: percent(row['coverage']),
      'last trade': time(row['last_trade_at']),
    })),
    view.moment.published === undefined
      ? 'no run is published yet: npx tributary run traders --wait makes one'
      : 'no wallet passes every rule yet: see traders_published.wallet_verdicts',
  )
}
