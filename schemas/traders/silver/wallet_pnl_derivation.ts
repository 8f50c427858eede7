import type { Derivation } from '../../table.js'
import { openPositions } from './open_positions.js'
import {
  activeDays,
  activity,
  dailyResults,
  drawdowns,
  holdingTimes,
  poolCounts,
  realization,
  soldQuantities,
  tokenCounts,
  tripResults,
} from './pnl_measures.js'
import { allTokens, knownTrades, timeframes } from './realized_sales.js'

/** Wilson (1927): where a share lies with 95 % confidence, at worst. Held between 0 and the share, which rounding else leaves. */
export const wilsonLowerBound = (wins: string, of: string): string => {
  const z = 1.96
  const share = `(${wins} / ${of})`
  const spread = `${z} * sqrt((${share} * (1 - ${share}) + ${(z * z) / 4} / ${of}) / ${of})`
  return `CASE WHEN ${of} > 0 THEN least(${share}, greatest(0, (${share} + ${(z * z) / 2} / ${of} - ${spread}) / (1 + ${z * z} / ${of}))) END`
}

/** Every wallet, token and timeframe, with its measures side by side. */
export const walletPnlDerivation: Derivation = {
  from: {
    trades: knownTrades,
    timeframes,
    activity,
    activeDays,
    tokenCounts,
    poolCounts,
    soldQuantities,
    realization,
    tripResults,
    dailyResults,
    drawdowns,
    holdingTimes,
    openPositions,
  },
  select: (source) => `
WITH scope AS (
  SELECT wallet_address, token_address, max(decimals) AS decimals FROM ${source['trades']} GROUP BY ALL
  UNION ALL SELECT DISTINCT wallet_address, '${allTokens}', NULL FROM ${source['trades']}
), measured AS (
  SELECT * REPLACE (coalesce(bought_usd, 0) AS bought_usd, coalesce(sold_usd, 0) AS sold_usd,
      coalesce(matched_proceeds_usd, 0) AS matched_proceeds_usd, coalesce(cost_of_sold_usd, 0) AS cost_of_sold_usd,
      coalesce(round_trips, 0) AS round_trips, coalesce(wins, 0) AS wins, coalesce(losses, 0) AS losses,
      coalesce(matched_sale_count, 0) AS matched_sale_count, coalesce(open_cost_usd, 0) AS open_cost_usd),
    coalesce(matched_proceeds_usd, 0) - coalesce(cost_of_sold_usd, 0) AS realized_pnl_usd, token_address <> '${allTokens}' AS is_token
  FROM scope CROSS JOIN (SELECT timeframe, until FROM ${source['timeframes']})
  LEFT JOIN ${source['activity']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['activeDays']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['tokenCounts']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['poolCounts']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['soldQuantities']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['realization']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['tripResults']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['dailyResults']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['drawdowns']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['holdingTimes']} USING (wallet_address, token_address, timeframe)
  LEFT JOIN ${source['openPositions']} USING (wallet_address, token_address)
), concentrated AS (
  SELECT wallet_address, '${allTokens}' AS token_address, timeframe,
    max(realized_pnl_usd)::DOUBLE / sum(realized_pnl_usd)::DOUBLE AS concentration
  FROM measured WHERE is_token AND realized_pnl_usd > 0 GROUP BY ALL
)
SELECT wallet_address, token_address, timeframe, make_timestamptz(until) AS as_of,
  coalesce(buy_count, 0) AS buy_count, coalesce(sell_count, 0) AS sell_count, coalesce(unpriced_count, 0) AS unpriced_count,
  first_trade_at, last_trade_at, coalesce(active_days, 0) AS active_days, (buy_count + sell_count) / active_days AS trades_per_day,
  coalesce(token_count, 0) AS token_count, coalesce(pool_count, 0) AS pool_count,
  bought_usd, sold_usd, matched_proceeds_usd, sold_usd - matched_proceeds_usd AS unmatched_proceeds_usd,
  if(is_token, coalesce(sold_quantity, 0) - coalesce(matched_quantity, 0), NULL) AS unmatched_quantity,
  cost_of_sold_usd, realized_pnl_usd,
  if(is_token, coalesce(open_quantity, 0), NULL) AS open_quantity, open_cost_usd,
  market_price_usd, market_value_usd, unrealized_pnl_usd, realized_pnl_usd + coalesce(unrealized_pnl_usd, 0) AS total_pnl_usd,
  realized_pnl_usd::DOUBLE / nullif(cost_of_sold_usd, 0)::DOUBLE AS roi,
  matched_proceeds_usd::DOUBLE / nullif(sold_usd, 0)::DOUBLE AS coverage,
  round_trips, wins, losses, wins / nullif(wins + losses, 0) AS win_rate,
  ${wilsonLowerBound('wins', '(wins + losses)')} AS win_rate_lower_bound,
  return_mean, return_deviation, log_return_mean, log_return_deviation,
  CASE WHEN losses_usd > 0 THEN least(10, coalesce(gains_usd, 0)::DOUBLE / losses_usd::DOUBLE) WHEN gains_usd > 0 THEN 10 END AS profit_factor,
  max_drawdown, if(is_token, if(realized_pnl_usd > 0, 1, NULL), concentration) AS concentration, median_holding_seconds,
  matched_sale_count, quick_sale_count / nullif(matched_sale_count, 0) AS quick_sale_share, cyclic_share,
  coalesce(sale_days, 0) AS sale_days, coalesce(profitable_days, 0) AS profitable_days, daily_pnl_mean_usd, daily_pnl_deviation_usd, decimals
FROM measured LEFT JOIN concentrated USING (wallet_address, token_address, timeframe)`,
}
