import type { Intermediate } from '../../table.js'
import { tokenMetrics } from '../bronze/token_metrics.js'
import { allTokens, knownPieces, knownTrades, timeframes } from './realized_sales.js'

/** The newest price of each token at `as_of`. */
const marketPrices: Intermediate = {
  name: 'market_prices',
  derive: {
    from: { tokenMetrics, trades: knownTrades, timeframes },
    select: ({ tokenMetrics, trades, timeframes }) => `
WITH quoted AS (
  SELECT token_address, arg_max(price_usd, as_of) AS price_usd FROM ${tokenMetrics}
  WHERE price_usd > 0 AND epoch_us(as_of) <= (SELECT max(until) FROM ${timeframes}) GROUP BY token_address
), traded AS (
  SELECT token_address, last(value_usd::DOUBLE / (quantity_raw::DOUBLE / pow(10, decimals))
    ORDER BY block_time, block_number, tx_hash, ins_index, inner_ins_index, wallet_address) AS price_usd
  FROM ${trades} WHERE value_usd IS NOT NULL GROUP BY token_address
)
SELECT token_address, coalesce(quoted.price_usd, traded.price_usd) AS price_usd FROM traded LEFT JOIN quoted USING (token_address)`,
  },
}

/** Priced lots not sold, valued; per token and over all. */
export const openPositions: Intermediate = {
  name: 'open_positions',
  derive: {
    from: { trades: knownTrades, pieces: knownPieces, prices: marketPrices },
    select: ({ trades, pieces, prices }) => `
WITH moved AS (
  SELECT wallet_address, token_address, decimals, quantity_raw, value_usd AS cost_usd FROM ${trades} WHERE side = 'buy' AND value_usd IS NOT NULL
  UNION ALL
  SELECT wallet_address, token_address, NULL, -quantity_raw, -cost_usd FROM ${pieces} WHERE cost_usd IS NOT NULL
), position AS (
  SELECT wallet_address, token_address, sum(quantity_raw) AS open_quantity, sum(cost_usd) AS open_cost_usd, max(decimals) AS decimals
  FROM moved GROUP BY ALL
), valued AS (
  SELECT *, open_quantity::DOUBLE * price_usd / pow(10, decimals) AS market_value FROM position LEFT JOIN ${prices} USING (token_address)
), rounded AS (
  SELECT *, CASE WHEN market_value < 1e20 THEN CAST(market_value AS DECIMAL(38,12)) END AS market_value_usd FROM valued
)
SELECT wallet_address, coalesce(token_address, '${allTokens}') AS token_address, if(grouping(token_address) = 0, sum(open_quantity), NULL) AS open_quantity,
  sum(open_cost_usd) AS open_cost_usd, if(grouping(token_address) = 0, any_value(price_usd), NULL) AS market_price_usd,
  sum(market_value_usd) AS market_value_usd, sum(market_value_usd - open_cost_usd) AS unrealized_pnl_usd
FROM rounded GROUP BY GROUPING SETS ((wallet_address, token_address), (wallet_address))`,
  },
}
