import type { JsonRow } from '../../infra/lake/session.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { trades } from '../../schemas/traders/silver/trades.js'
import { walletPnl } from '../../schemas/traders/silver/wallet_pnl.js'
import type { LakeView } from './lake_view.js'
import { newestTokens } from './wallet.js'

interface TokensRequest {
  /** Part of a symbol, a name or an address. */
  readonly search?: string | undefined
  readonly limit: number
  readonly offset: number
}

/** Tokens as the newest run that selected each saw them, with what the ranked wallets made of them; the most recent, most liquid first. */
export const readTokens = async (
  { session, published, stored }: LakeView,
  { search, limit, offset }: TokensRequest,
): Promise<{ rows: JsonRow[]; total: number }> => {
  const given = { search: search ?? null }
  const matching = `SELECT * FROM (${newestTokens(stored(tokenMetrics))}) WHERE $search IS NULL
    OR contains(lower(coalesce(symbol, '') || ' ' || coalesce(name, '') || ' ' || token_address), lower($search))`
  const { n } = await session.one(`SELECT count(*) AS n FROM (${matching})`, given)
  const rows = await session.all(
    `WITH token AS (${matching} ORDER BY as_of DESC, selection_rank LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}),
    ranked AS (
      SELECT token_address, count(*) AS ranked_traders, sum(realized_pnl_usd) AS ranked_realized_usd,
        count(*) FILTER (open_cost_usd > 0) AS ranked_holders, sum(open_cost_usd) AS ranked_open_usd
      FROM ${published(walletPnl)} AS pnl SEMI JOIN ${published(smartWallets)} USING (wallet_address)
      WHERE timeframe = 'all' AND first_trade_at IS NOT NULL AND token_address IN (SELECT token_address FROM token) GROUP BY token_address
    )
    SELECT token.*, coalesce(ranked_traders, 0) AS ranked_traders, ranked_realized_usd, coalesce(ranked_holders, 0) AS ranked_holders, ranked_open_usd
    FROM token LEFT JOIN ranked USING (token_address) ORDER BY as_of DESC, selection_rank`,
    given,
  )
  return { rows, total: Number(n) }
}

interface TokenReading {
  /** As each run that selected it saw it, the newest first. */
  readonly metrics: readonly JsonRow[]
  /** The wallets with the largest profit or loss in it. */
  readonly wallets: readonly JsonRow[]
  /** Last priced trade of each day. */
  readonly prices: readonly JsonRow[]
}

const shownRuns = 200

/** One token over time, and who trades it. */
export const readToken = async (
  { session, published, stored }: LakeView,
  token: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<TokenReading> => ({
  metrics: await session.all(
    `SELECT * FROM ${stored(tokenMetrics)} WHERE token_address = $token ORDER BY as_of DESC LIMIT ${shownRuns}`,
    { token },
  ),
  wallets: await session.all(
    `SELECT pnl.*, ranked.rank, ranked.tier, count(*) OVER () AS of_total FROM ${published(walletPnl)} AS pnl LEFT JOIN ${published(smartWallets)} AS ranked USING (wallet_address)
    WHERE token_address = $token AND timeframe = 'all' AND pnl.first_trade_at IS NOT NULL
    ORDER BY pnl.total_pnl_usd DESC, wallet_address LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
    { token },
  ),
  prices: await session.all(
    `SELECT strftime(date_trunc('day', block_time), '%Y-%m-%d') AS day,
      arg_max(value_usd::DOUBLE / (quantity_raw::DOUBLE / pow(10, decimals)), block_time) AS price_usd, count(*) AS trades
    FROM ${published(trades)} WHERE token_address = $token AND value_usd > 0 GROUP BY day ORDER BY day`,
    { token },
  ),
})
