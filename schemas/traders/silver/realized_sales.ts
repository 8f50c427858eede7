import type { Intermediate } from '../../table.js'
import { lotMatches } from './lot_matches.js'
import { trades } from './trades.js'

/** The token address of rows over all tokens of a wallet. */
export const allTokens = 'ALL_TOKENS'

const day = 24 * 60 * 60 * 1_000_000

/** The spans that PnL is told for: after `since`, up to `until`, in microseconds since 1970, free of any session time zone. */
export const timeframes: Intermediate = {
  name: 'timeframes',
  derive: {
    from: {},
    parameters: ['as_of'],
    select: () => `
SELECT timeframe, until - span AS since, until, ordinal
FROM (SELECT epoch_us(CAST($as_of AS TIMESTAMPTZ)) AS until),
  (VALUES ('all', ${2n ** 61n}, 1), ('quarter', ${90 * day}, 2), ('month', ${30 * day}, 3), ('week', ${7 * day}, 4)) AS spans (timeframe, span, ordinal)`,
  },
}

/** Trades up to `as_of`. */
export const knownTrades: Intermediate = {
  name: 'known_trades',
  derive: {
    from: { trades, timeframes },
    select: ({ trades, timeframes }) => `
SELECT wallet_address, token_address, sequence, side, quantity_raw, decimals, value_usd, is_cyclic, pool_address, block_time,
  epoch_us(block_time) AS at_us, block_number, tx_hash, ins_index, inner_ins_index
FROM ${trades} WHERE epoch_us(block_time) <= (SELECT max(until) FROM ${timeframes})`,
  },
}

/** Matched pieces up to `as_of`; `counts` where both sides are priced, so that the piece is part of PnL. */
export const knownPieces: Intermediate = {
  name: 'known_pieces',
  derive: {
    from: { lotMatches, timeframes },
    select: ({ lotMatches, timeframes }) => `
SELECT wallet_address, token_address, sell_sequence, epoch_us(sold_at) AS at_us, held_seconds, quantity_raw, cost_usd, proceeds_usd,
  closes_position, cost_usd IS NOT NULL AND proceeds_usd IS NOT NULL AS counts
FROM ${lotMatches} WHERE epoch_us(sold_at) <= (SELECT max(until) FROM ${timeframes})`,
  },
}

/** One row per sale that sold something of a lot; `place` orders a wallet's sales, `trip` numbers its round trips of a token. */
export const realizedSales: Intermediate = {
  name: 'realized_sales',
  derive: {
    from: { trades: knownTrades, pieces: knownPieces },
    select: ({ trades, pieces }) => `
WITH sale AS (
  SELECT wallet_address, token_address, sell_sequence AS sequence, any_value(closes_position) AS closes_position,
    bool_or(counts) AS counts, coalesce(sum(quantity_raw) FILTER (counts), 0) AS quantity_raw,
    coalesce(sum(cost_usd) FILTER (counts), 0) AS cost_usd, coalesce(sum(proceeds_usd) FILTER (counts), 0) AS proceeds_usd,
    min(held_seconds) FILTER (counts) AS least_held_seconds
  FROM ${pieces} GROUP BY ALL
)
SELECT sale.*, proceeds_usd - cost_usd AS pnl_usd, at_us,
  row_number() OVER (
    PARTITION BY wallet_address ORDER BY block_time, block_number, tx_hash, ins_index, inner_ins_index, token_address) AS place,
  coalesce(sum(closes_position::BIGINT) OVER (PARTITION BY wallet_address, token_address ORDER BY sequence
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS trip
FROM sale JOIN ${trades} AS trades USING (wallet_address, token_address, sequence)`,
  },
}

/** One row per round trip that has ended, with the PnL of all its sales. */
export const roundTrips: Intermediate = {
  name: 'round_trips',
  derive: {
    from: { sales: realizedSales },
    select: ({ sales }) => `
SELECT wallet_address, token_address, max(at_us) AS at_us, max(place) AS place, sum(pnl_usd) AS pnl_usd, sum(cost_usd) AS cost_usd,
  sum(pnl_usd)::DOUBLE / sum(cost_usd)::DOUBLE AS return
FROM ${sales} GROUP BY wallet_address, token_address, trip
HAVING bool_or(closes_position) AND sum(cost_usd) > 0`,
  },
}
