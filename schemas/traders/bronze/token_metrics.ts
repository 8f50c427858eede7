import { holds } from '../../check.js'
import { double, integer, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/** BirdEye's `/defi/v3/token/list` under the run's filters: which tokens the run looks at, and how they stood then. */
export const tokenMetrics = defineTable('traders_bronze.token_metrics', {
  dataset: { purpose: 'selection', subject: 'token', grain: 'run' },
  grain: 'One row per selected token and run.',
  source: ['BirdEye /defi/v3/token/list'],
  columns: {
    as_of: timestamp,
    token_address: text,
    /** Place in BirdEye's order (liquidity, descending) among the tokens selected, from 1. */
    selection_rank: integer,
    symbol: nullable(text),
    name: nullable(text),
    decimals: integer,
    price_usd: nullable(double),
    liquidity_usd: double,
    market_cap_usd: nullable(double),
    fdv_usd: nullable(double),
    volume_1h_usd: nullable(double),
    volume_24h_usd: nullable(double),
    price_change_24h_percent: nullable(double),
    holder_count: nullable(integer),
    last_trade_at: nullable(timestamp),
  },
  key: ['as_of', 'token_address'],
  sortedBy: ['as_of', 'selection_rank'],
  checks: {
    'amounts in USD are not negative': holds(
      `liquidity_usd >= 0 AND coalesce(price_usd, 0) >= 0 AND coalesce(market_cap_usd, 0) >= 0 AND coalesce(fdv_usd, 0) >= 0
        AND coalesce(volume_1h_usd, 0) >= 0 AND coalesce(volume_24h_usd, 0) >= 0`,
    ),
    'decimals fit a token': holds('decimals BETWEEN 0 AND 30'),
    'ranks start at 1': holds('selection_rank >= 1'),
    'selected tokens have a price': holds('price_usd > 0', { severity: 'warning' }),
  },
  example: {
    as_of: new Date('2026-11-21T06:00:00Z'),
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    selection_rank: 1,
    symbol: 'Bonk',
    name: 'Bonk',
    decimals: 5,
    price_usd: 0.0000213,
    liquidity_usd: 2_400_000,
    market_cap_usd: 1_700_000_000,
    fdv_usd: 1_890_000_000,
    volume_1h_usd: 320_000,
    volume_24h_usd: 6_100_000,
    price_change_24h_percent: 41.5,
    holder_count: 980_000,
    last_trade_at: new Date('2026-11-21T05:59:58Z'),
  },
})
