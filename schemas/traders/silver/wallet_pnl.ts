import { holds } from '../../check.js'
import { bigint, double, integer, nullable, rawAmount, text, timestamp, usd } from '../../column.js'
import { defineTable } from '../../table.js'
import { walletPnlDerivation } from './wallet_pnl_derivation.js'

/**
 * Profit and loss of each wallet, per token and as `ALL_TOKENS`, for its sales within `all`, `quarter` (90 d), `month` (30 d)
 * and `week` (7 d) before `as_of` (block_time > as_of - N days and <= as_of), against lots from the whole history. Every wallet
 * has all four timeframes of every token it ever traded, empty ones too.
 *
 * Money is exact: sums of trade values and of pieces of lot_matches. BirdEye reports no fees, so none are in here. Trades
 * without a price count in `unpriced_count` and in no sum of money. A "piece" below is a row of lot_matches with a cost and
 * proceeds; a ratio with nothing below the line is NULL.
 */
export const walletPnl = defineTable('traders_silver.wallet_pnl', {
  dataset: { purpose: 'pnl', subject: 'wallet', grain: 'timeframe' },
  grain: "One row per wallet, token (or 'ALL_TOKENS') and timeframe.",
  columns: {
    wallet_address: text,
    token_address: text,
    timeframe: text,
    as_of: timestamp,
    /** Trades in the timeframe, unpriced ones included; first and last of them. */
    buy_count: bigint,
    sell_count: bigint,
    unpriced_count: bigint,
    first_trade_at: nullable(timestamp),
    last_trade_at: nullable(timestamp),
    /** UTC days with a trade. */
    active_days: bigint,
    /** Trades / active days. */
    trades_per_day: nullable(double),
    /** Tokens, and pools, with a trade in the timeframe. */
    token_count: bigint,
    pool_count: bigint,
    /** Sum of the values of priced buys, and of priced sales. */
    bought_usd: usd,
    sold_usd: usd,
    /** Proceeds of all pieces; what is left of sold_usd came from tokens whose buy, or its price, is unknown. */
    matched_proceeds_usd: usd,
    unmatched_proceeds_usd: usd,
    /** Smallest units of priced sales outside all pieces. NULL for ALL_TOKENS. */
    unmatched_quantity: nullable(rawAmount),
    cost_of_sold_usd: usd,
    /** matched_proceeds_usd - cost_of_sold_usd */
    realized_pnl_usd: usd,
    /** Smallest units, and cost, of priced lots not sold at `as_of`: the same in every timeframe. NULL quantity for ALL_TOKENS. */
    open_quantity: nullable(rawAmount),
    open_cost_usd: usd,
    /** USD per whole token: the token's last known metrics price at `as_of`, else its last priced trade by any wallet. */
    market_price_usd: nullable(double),
    /** open_quantity x market_price_usd; for ALL_TOKENS the sum of the known ones. */
    market_value_usd: nullable(usd),
    /** market_value_usd - open_cost_usd; a token without a price leaves it out of ALL_TOKENS. */
    unrealized_pnl_usd: nullable(usd),
    /** realized_pnl_usd + unrealized_pnl_usd, the latter 0 where unknown. */
    total_pnl_usd: usd,
    /** realized_pnl_usd / cost_of_sold_usd */
    roi: nullable(double),
    /** matched_proceeds_usd / sold_usd */
    coverage: nullable(double),
    /**
     * A round trip runs from the first sale after the previous one to a sale that leaves at most 1 % of what was held before it,
     * counts in the timeframe of that sale, and carries the PnL of all its pieces. Only those that end with
     * |pnl| > max(1 USD, 1 % of cost) are counted as won or lost.
     */
    round_trips: bigint,
    wins: bigint,
    losses: bigint,
    /** wins / (wins + losses) */
    win_rate: nullable(double),
    /** Wilson score interval of win_rate, lower bound at 95 % (z = 1.96). */
    win_rate_lower_bound: nullable(double),
    /** Per round trip, r = pnl / cost: mean and sample standard deviation, r no higher than 10 so that one hit cannot carry it. */
    return_mean: nullable(double),
    return_deviation: nullable(double),
    /** The same of ln(1 + r), r no lower than -0.99: what compounding such round trips earns. */
    log_return_mean: nullable(double),
    log_return_deviation: nullable(double),
    /** Sum of the profits of winning sales / sum of the losses of losing ones, at most 10; 10 where there was no loss. */
    profit_factor: nullable(double),
    /**
     * Greatest (peak - equity) / (peak + cost_of_sold_usd) over the sales in order, equity being cumulative realized PnL from 0
     * and cost_of_sold_usd the capital the sales had put at risk: 0 to 1.
     */
    max_drawdown: nullable(double),
    /** Greatest realized PnL of a token / sum of those above zero. */
    concentration: nullable(double),
    /** Least holding time that half the cost of the pieces did not exceed. */
    median_holding_seconds: nullable(bigint),
    /** Sales with a piece, and the share of them with a piece held 60 s or less. */
    matched_sale_count: bigint,
    quick_sale_share: nullable(double),
    /** Share of trades whose token the wallet both bought and sold in one transaction. */
    cyclic_share: nullable(double),
    /** UTC days with a realized PnL, how many of them ended above zero, and mean and sample deviation of a day's PnL. */
    sale_days: bigint,
    profitable_days: bigint,
    daily_pnl_mean_usd: nullable(double),
    daily_pnl_deviation_usd: nullable(double),
    /** NULL for ALL_TOKENS. */
    decimals: nullable(integer),
  },
  key: ['wallet_address', 'token_address', 'timeframe'],
  sortedBy: ['wallet_address', 'token_address', 'timeframe'],
  checks: {
    'timeframe is known': holds("timeframe IN ('all', 'quarter', 'month', 'week')"),
    'sales are conserved': holds(
      `unmatched_proceeds_usd >= 0 AND matched_proceeds_usd + unmatched_proceeds_usd = sold_usd
      AND coalesce(unmatched_quantity >= 0 AND (unmatched_quantity > 0 OR unmatched_proceeds_usd = 0), true)`,
    ),
    'lots are conserved': holds(
      `open_cost_usd >= 0 AND coalesce(open_quantity >= 0 AND (open_quantity > 0 OR open_cost_usd = 0), true)
      AND (timeframe <> 'all' OR cost_of_sold_usd + open_cost_usd <= bought_usd)`,
    ),
    'shares are between 0 and 1': holds(
      `coalesce(coverage, 0) BETWEEN 0 AND 1 AND coalesce(win_rate, 0) BETWEEN 0 AND 1
      AND coalesce(win_rate_lower_bound, 0) BETWEEN 0 AND coalesce(win_rate, 0) AND coalesce(max_drawdown, 0) BETWEEN 0 AND 1
      AND coalesce(concentration, 0) BETWEEN 0 AND 1 AND coalesce(quick_sale_share, 0) BETWEEN 0 AND 1
      AND coalesce(cyclic_share, 0) BETWEEN 0 AND 1`,
    ),
    'totals add up': holds(
      `realized_pnl_usd = matched_proceeds_usd - cost_of_sold_usd
      AND total_pnl_usd = realized_pnl_usd + coalesce(unrealized_pnl_usd, 0) AND wins + losses <= round_trips`,
    ),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    timeframe: 'all',
    as_of: new Date('2026-11-21T06:00:00Z'),
    buy_count: 1n,
    sell_count: 1n,
    unpriced_count: 0n,
    first_trade_at: new Date('2026-11-20T12:00:00Z'),
    last_trade_at: new Date('2026-11-20T18:00:00Z'),
    active_days: 1n,
    trades_per_day: 2,
    token_count: 1n,
    pool_count: 1n,
    bought_usd: '1065069.000000000000',
    sold_usd: '600000.000000000000',
    matched_proceeds_usd: '600000.000000000000',
    unmatched_proceeds_usd: '0.000000000000',
    unmatched_quantity: 0n,
    cost_of_sold_usd: '532534.500000000000',
    realized_pnl_usd: '67465.500000000000',
    open_quantity: 2_500_000_000_000_000_000n,
    open_cost_usd: '532534.500000000000',
    market_price_usd: 0.000024,
    market_value_usd: '600000000.000000000000',
    unrealized_pnl_usd: '599467465.500000000000',
    total_pnl_usd: '599534931.000000000000',
    roi: 0.1266875,
    coverage: 1,
    round_trips: 0n,
    wins: 0n,
    losses: 0n,
    win_rate: null,
    win_rate_lower_bound: null,
    return_mean: null,
    return_deviation: null,
    log_return_mean: null,
    log_return_deviation: null,
    profit_factor: 10,
    max_drawdown: 0,
    concentration: 1,
    median_holding_seconds: 21_600n,
    matched_sale_count: 1n,
    quick_sale_share: 0,
    cyclic_share: 0,
    sale_days: 1n,
    profitable_days: 1n,
    daily_pnl_mean_usd: 67_465.5,
    daily_pnl_deviation_usd: null,
    decimals: 5,
  },
  derive: walletPnlDerivation,
})
