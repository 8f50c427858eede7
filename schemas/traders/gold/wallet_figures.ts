import type { Intermediate } from '../../table.js'
import { whaleHolders } from '../bronze/whale_holders.js'
import { lotMatches } from '../silver/lot_matches.js'
import { walletPnl } from '../silver/wallet_pnl.js'

/** Within these a swap and its way back took no view of the market: an hour, and two swap fees of up to 1 %. */
const washSeconds = 3_600
const washMarginDivisor = 50

/** One row per wallet: what the rules and the tiers look at, over the whole history up to `as_of`. */
export const walletFigures: Intermediate = {
  name: 'wallet_figures',
  derive: {
    from: { pnl: walletPnl, matches: lotMatches, holders: whaleHolders },
    parameters: ['as_of'],
    select: ({ pnl, matches, holders }) => `
WITH returned AS (
  SELECT wallet_address,
    sum(if(held_seconds <= ${washSeconds} AND abs(proceeds_usd - cost_usd) * ${washMarginDivisor} <= cost_usd, cost_usd, 0))::DOUBLE
      / nullif(sum(cost_usd), 0)::DOUBLE AS wash_share
  FROM ${matches} WHERE cost_usd IS NOT NULL AND proceeds_usd IS NOT NULL AND sold_at <= $as_of::TIMESTAMPTZ
  GROUP BY wallet_address
), latest AS (
  SELECT wallet_address, is_tradable FROM ${holders} WHERE as_of <= $as_of::TIMESTAMPTZ
  QUALIFY as_of = max(as_of) OVER (PARTITION BY wallet_address)
), owner AS (
  SELECT wallet_address, if(bool_and(is_tradable), 0, 1) AS program_owners FROM latest GROUP BY wallet_address
)
SELECT wallet_address, $as_of::TIMESTAMPTZ AS as_of, realized_pnl_usd, total_pnl_usd, cost_of_sold_usd, roi, win_rate,
  win_rate_lower_bound, wins, losses, round_trips, buy_count + sell_count AS trade_count, coverage, first_trade_at, last_trade_at,
  (epoch_us($as_of::TIMESTAMPTZ) - epoch_us(last_trade_at)) / 86400000000 AS days_since_last_trade,
  concentration, trades_per_day, quick_sale_share, cyclic_share, wash_share, program_owners, token_count, active_days,
  profit_factor, max_drawdown, median_holding_seconds
FROM ${pnl} LEFT JOIN returned USING (wallet_address) LEFT JOIN owner USING (wallet_address)
WHERE token_address = 'ALL_TOKENS' AND timeframe = 'all'`,
  },
}
