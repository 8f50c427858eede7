import type { Intermediate } from '../../table.js'
import { lotMatches } from '../silver/lot_matches.js'
import { walletPnl } from '../silver/wallet_pnl.js'

/**
 * One row per position: a wallet's sales of a token up to one that closes it, with what is still open joined to the last. Open
 * lots enter at the lower of cost and market, so that keeping losers and selling winners earns no score.
 *
 * `x` is the logarithmic return in millionths, a whole number, so that sums of it do not depend on their order. A position
 * counts as lost at -99 % and no higher than +1,000 %, so that no single one decides.
 */
export const scoredPositions: Intermediate = {
  name: 'scored_positions',
  derive: {
    from: { matches: lotMatches, pnl: walletPnl },
    parameters: ['as_of'],
    select: ({ matches, pnl }) => `
WITH sale AS (
  SELECT wallet_address, token_address, sell_sequence, bool_or(closes_position) AS closes, min(epoch_us(bought_at)) AS opened_us,
    sum(cost_usd) AS cost_usd, sum(proceeds_usd) AS proceeds_usd
  FROM ${matches} WHERE cost_usd IS NOT NULL AND proceeds_usd IS NOT NULL AND sold_at <= $as_of::TIMESTAMPTZ
  GROUP BY ALL
), numbered AS (
  SELECT *, sum(closes::INTEGER) OVER (PARTITION BY wallet_address, token_address ORDER BY sell_sequence
    ROWS UNBOUNDED PRECEDING) - closes::INTEGER AS position
  FROM sale
), sold AS (
  SELECT wallet_address, token_address, position, min(opened_us) AS opened_us, sum(cost_usd) AS cost_usd,
    sum(proceeds_usd) AS proceeds_usd
  FROM numbered GROUP BY ALL
), open AS (
  SELECT wallet_address, token_address, count(*) FILTER (sale.closes) AS position, epoch_us(any_value(pnl.last_trade_at)) AS opened_us,
    any_value(open_cost_usd) AS cost_usd, least(any_value(market_value_usd), any_value(open_cost_usd)) AS proceeds_usd
  FROM ${pnl} AS pnl LEFT JOIN sale USING (wallet_address, token_address)
  WHERE timeframe = 'all' AND token_address <> 'ALL_TOKENS' AND open_cost_usd > 0 AND market_value_usd < open_cost_usd
  GROUP BY ALL
), position AS (
  SELECT wallet_address, token_address, position, min(opened_us) AS opened_us, sum(cost_usd) AS cost_usd, sum(proceeds_usd) AS proceeds_usd
  FROM (FROM sold UNION ALL BY NAME FROM open) GROUP BY ALL HAVING sum(cost_usd) > 0
)
SELECT wallet_address, token_address, opened_us // 86400000000 AS day, cost_usd,
  CAST(round(1000000 * ln(least(greatest(proceeds_usd::DOUBLE / cost_usd::DOUBLE, 0.01), 11))) AS BIGINT) AS x
FROM position`,
  },
}
