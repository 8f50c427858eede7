import type { Intermediate } from '../../table.js'
import { allTokens, knownPieces, knownTrades, realizedSales, roundTrips, timeframes } from './realized_sales.js'

/** `FROM` and `GROUP BY` that measure `relation` per wallet and timeframe, once a token and once over all tokens. */
const perTimeframe = (relation: string, frames: string): string =>
  `FROM ${relation} AS event JOIN ${frames} AS frame ON at_us > since AND at_us <= until
GROUP BY GROUPING SETS ((wallet_address, token_address, timeframe), (wallet_address, timeframe))`
const token = `coalesce(token_address, '${allTokens}')`
const group = `wallet_address, ${token} AS token_address, timeframe`
const utcDay = 'at_us // 86400000000'

/** What a wallet did, all its trades counted. */
export const activity: Intermediate = {
  name: 'activity',
  derive: {
    from: { trades: knownTrades, timeframes },
    select: ({ trades = '', timeframes = '' }) => `
SELECT ${group}, count(*) FILTER (side = 'buy') AS buy_count, count(*) FILTER (side = 'sell') AS sell_count,
  count(*) FILTER (value_usd IS NULL) AS unpriced_count, min(block_time) AS first_trade_at, max(block_time) AS last_trade_at,
  sum(value_usd) FILTER (side = 'buy') AS bought_usd, sum(value_usd) FILTER (side = 'sell') AS sold_usd,
  count(*) FILTER (is_cyclic) / count(*) AS cyclic_share
${perTimeframe(trades, timeframes)}`,
  },
}

/** A value occurs in every timeframe that its last trade is in, as they all end at `as_of`: one row of each is enough. */
const distinctCount = (name: string, value: string): Intermediate => ({
  name,
  derive: {
    from: { trades: knownTrades, timeframes },
    select: ({ trades, timeframes }) => `
WITH each AS (
  SELECT wallet_address, token_address, ${value} AS value, max(at_us) AS at_us
  FROM ${trades} WHERE value IS NOT NULL GROUP BY wallet_address, token_address, value
), either AS (
  FROM each UNION ALL
  SELECT wallet_address, '${allTokens}', value, max(at_us) FROM each GROUP BY wallet_address, value
)
SELECT wallet_address, token_address, timeframe, count(*) AS ${name}
FROM either JOIN ${timeframes} ON at_us > since AND at_us <= until GROUP BY ALL`,
  },
})

export const activeDays = distinctCount('active_days', utcDay)
export const tokenCounts = distinctCount('token_count', 'token_address')
export const poolCounts = distinctCount('pool_count', 'pool_address')

/** Quantities, of one token only: those of several do not add up. */
export const soldQuantities: Intermediate = {
  name: 'sold_quantities',
  derive: {
    from: { trades: knownTrades, timeframes },
    select: ({ trades, timeframes }) => `
SELECT wallet_address, token_address, timeframe, sum(quantity_raw) AS sold_quantity
FROM ${trades} AS event JOIN ${timeframes} AS frame ON at_us > since AND at_us <= until
WHERE side = 'sell' AND value_usd IS NOT NULL GROUP BY ALL`,
  },
}

/** What sales realized. */
export const realization: Intermediate = {
  name: 'realization',
  derive: {
    from: { sales: realizedSales, timeframes },
    select: ({ sales = '', timeframes = '' }) => `
SELECT ${group}, sum(proceeds_usd) AS matched_proceeds_usd, sum(cost_usd) AS cost_of_sold_usd,
  if(grouping(event.token_address) = 0, sum(quantity_raw), NULL) AS matched_quantity,
  sum(pnl_usd) FILTER (pnl_usd > 0) AS gains_usd, -sum(pnl_usd) FILTER (pnl_usd < 0) AS losses_usd,
  count(*) FILTER (counts) AS matched_sale_count, count(*) FILTER (least_held_seconds <= 60) AS quick_sale_count
${perTimeframe(sales, timeframes)}`,
  },
}

/** Aggregates of doubles take them in order: their sum depends on it, and equal input must give equal bits. */
const inOrder = (aggregate: string, value: string): string => `${aggregate}(${value} ORDER BY place)`
const cappedReturn = 'least(return, 10)'
const logReturn = 'ln(1 + greatest(return, -0.99))'

/** How round trips ended. */
export const tripResults: Intermediate = {
  name: 'trip_results',
  derive: {
    from: { trips: roundTrips, timeframes },
    select: ({ trips = '', timeframes = '' }) => `
WITH trip_lists AS (
  SELECT ${group}, count(*) AS round_trips,
    count(*) FILTER (pnl_usd > greatest(1, cost_usd * 0.01)) AS wins, count(*) FILTER (-pnl_usd > greatest(1, cost_usd * 0.01)) AS losses,
    ${inOrder('list', cappedReturn)} AS returns, ${inOrder('list', logReturn)} AS log_returns
  ${perTimeframe(trips, timeframes)}
)
SELECT * EXCLUDE (returns, log_returns),
  list_aggregate(returns, 'avg') AS return_mean, list_aggregate(returns, 'stddev_samp') AS return_deviation,
  list_aggregate(log_returns, 'avg') AS log_return_mean, list_aggregate(log_returns, 'stddev_samp') AS log_return_deviation
FROM trip_lists`,
  },
}

/** Results by UTC day of the sale. */
export const dailyResults: Intermediate = {
  name: 'daily_results',
  derive: {
    from: { sales: realizedSales, timeframes },
    select: ({ sales = '', timeframes = '' }) => `
WITH daily AS (
  SELECT ${group}, ${utcDay} AS place, sum(pnl_usd) AS pnl_usd
  ${perTimeframe(`(FROM ${sales} WHERE counts)`, timeframes).replaceAll('timeframe)', `timeframe, ${utcDay})`)}
)
SELECT wallet_address, token_address, timeframe, count(*) AS sale_days, count(*) FILTER (pnl_usd > 0) AS profitable_days,
  ${inOrder('avg', 'pnl_usd::DOUBLE')} AS daily_pnl_mean_usd, ${inOrder('stddev_samp', 'pnl_usd::DOUBLE')} AS daily_pnl_deviation_usd
FROM daily GROUP BY ALL`,
  },
}

/** Sales in order, as a curve of equity that starts at 0. */
export const drawdowns: Intermediate = {
  name: 'drawdowns',
  derive: {
    from: { sales: realizedSales, timeframes },
    select: ({ sales, timeframes }) => `
WITH scoped AS (
  SELECT wallet_address, unnest([token_address, '${allTokens}']) AS token_address, place, at_us, pnl_usd, cost_usd
  FROM ${sales} WHERE counts
), curve AS (
  SELECT wallet_address, token_address, timeframe, place, sum(pnl_usd) OVER so_far AS equity_usd,
    sum(cost_usd) OVER (PARTITION BY wallet_address, token_address, timeframe) AS capital_usd
  FROM scoped JOIN ${timeframes} ON at_us > since AND at_us <= until
  WINDOW so_far AS (PARTITION BY wallet_address, token_address, timeframe ORDER BY place ROWS UNBOUNDED PRECEDING)
), peaked AS (
  SELECT *, greatest(0, max(equity_usd) OVER (
    PARTITION BY wallet_address, token_address, timeframe ORDER BY place ROWS UNBOUNDED PRECEDING)) AS peak_usd
  FROM curve
)
SELECT wallet_address, token_address, timeframe,
  max((peak_usd - equity_usd)::DOUBLE / nullif(peak_usd + capital_usd, 0)::DOUBLE) AS max_drawdown
FROM peaked GROUP BY ALL`,
  },
}

/** The median over USD of cost, not over pieces: a hundred dust sales say less than one large one. */
export const holdingTimes: Intermediate = {
  name: 'holding_times',
  derive: {
    from: { pieces: knownPieces, timeframes },
    select: ({ pieces = '', timeframes = '' }) => `
WITH weight AS (
  SELECT ${group}, held_seconds, sum(cost_usd) AS cost_usd
  ${perTimeframe(`(FROM ${pieces} WHERE counts)`, timeframes).replaceAll('timeframe)', 'timeframe, held_seconds)')}
), running AS (
  SELECT wallet_address, token_address, timeframe, held_seconds,
    sum(cost_usd) OVER (PARTITION BY wallet_address, token_address, timeframe ORDER BY held_seconds ROWS UNBOUNDED PRECEDING) AS up_to,
    sum(cost_usd) OVER (PARTITION BY wallet_address, token_address, timeframe) AS total
  FROM weight
)
SELECT wallet_address, token_address, timeframe, min(held_seconds) FILTER (up_to * 2 >= total) AS median_holding_seconds
FROM running GROUP BY ALL`,
  },
}
