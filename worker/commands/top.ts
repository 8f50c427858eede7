import { currentPublication } from '../../activities/publish.js'
import type { Session } from '../../infra/lake/session.js'
import { traders } from '../../schemas/traders/index.js'
import { money, percent, time } from '../format.js'
import type { Output } from '../output.js'

/** Prints the published ranking: the best wallets, with tier, figures and reasons. */
export const printTop = async (session: Session, output: Output, limit: number): Promise<void> => {
  const publication = await currentPublication(session, traders.published)
  const rows =
    publication === undefined
      ? []
      : await session.all('SELECT * FROM lake.traders_published.smart_wallets ORDER BY rank LIMIT $limit', {
          limit: BigInt(limit),
        })
  if (output.json) return output.rows(rows)
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
    publication === undefined
      ? 'no run is published yet: npx tributary run traders --wait makes one'
      : 'no wallet passes every rule yet: see traders_published.wallet_verdicts',
  )
}
