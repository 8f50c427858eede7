import type { Intermediate } from '../../table.js'
import { trades } from './trades.js'

/** Trades with one integer for wallet and token: joins and windows over it take half the time they take over two addresses. */
export const numberedTrades: Intermediate = {
  name: 'numbered_trades',
  derive: {
    from: { trades },
    by: 'wallet_address',
    select: ({ trades }) => `
WITH pairs AS (
  SELECT wallet_address, token_address, CAST(row_number() OVER () AS INTEGER) AS pair
  FROM (SELECT DISTINCT wallet_address, token_address FROM ${trades})
)
SELECT pair, trades.* FROM ${trades} AS trades JOIN pairs USING (wallet_address, token_address)`,
  },
}

/**
 * Every unit a wallet ever bought of a token has a place on a line, in the order of purchase: a lot is the stretch that ends at
 * the sum of all buys so far. First in, first out, sales take the line from its start: with B and S the running sums of
 * what was bought and sold, U = max(0, greatest S - B so far) of it came from nowhere, and a sale's stretch ends at S - U.
 */
const positions: Intermediate = {
  name: 'positions',
  derive: {
    from: { trades: numberedTrades },
    by: 'wallet_address',
    select: ({ trades }) => `
WITH running AS (
  SELECT pair, sequence, side = 'buy' AS is_buy, quantity_raw,
    sum(if(side = 'buy', quantity_raw, 0)) OVER trade_order AS bought, sum(if(side = 'buy', 0, quantity_raw)) OVER trade_order AS sold
  FROM ${trades} WINDOW trade_order AS (PARTITION BY pair ORDER BY sequence ROWS UNBOUNDED PRECEDING)
), line AS (
  SELECT *, if(is_buy, bought, sold - greatest(max(sold - bought) OVER trade_order, 0)) AS line_end
  FROM running WINDOW trade_order AS (PARTITION BY pair ORDER BY sequence ROWS UNBOUNDED PRECEDING)
)
SELECT pair, sequence, is_buy, line_end,
  -- held after the sale / (that + sold) <= 1 %
  NOT is_buy AND (bought - line_end)::DOUBLE * 99 <= quantity_raw::DOUBLE AS closes_position
FROM line`,
  },
}

/**
 * The line cut at the end of every lot and of every sale: each cut but those of unsold lots is a piece, of the first lot and the
 * first sale that end at or after it. Ends grow with the sequence, so "first" is a minimum and ties need no order.
 */
export const pieces: Intermediate = {
  name: 'pieces',
  derive: {
    from: { positions },
    by: 'wallet_address',
    select: ({ positions }) => `
WITH cut AS (
  SELECT pair, line_end, coalesce(lag(line_end) OVER (PARTITION BY pair ORDER BY line_end), 0) AS line_start,
    min(if(is_buy, sequence, NULL)) OVER rest AS lot, min(if(is_buy, line_end, NULL)) OVER rest AS lot_end,
    -- the flag rides on the sequence: a minimum of both at once
    min(if(is_buy, NULL, sequence * 2::BIGINT + closes_position::BIGINT)) OVER rest AS flagged_sale,
    min(if(is_buy, NULL, line_end)) OVER rest AS sale_end
  FROM ${positions}
  WINDOW rest AS (PARTITION BY pair ORDER BY line_end ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
SELECT pair, CAST(lot AS INTEGER) AS lot, CAST(flagged_sale // 2 AS INTEGER) AS sale, flagged_sale % 2 = 1 AS closes_position,
  line_start, line_end, line_end - line_start AS quantity_raw, lot_end, sale_end
FROM cut WHERE line_start < line_end AND flagged_sale IS NOT NULL`,
  },
}

/**
 * The part of a trade's value that falls to a piece: value up to the piece's end less value up to its start, so that the parts
 * of a trade add up to its value to the last digit, however they are rounded. Inside a trade the share is a double: off by no
 * more than 2^-51 of the value, which does not add up over pieces, and cannot overflow.
 */
export const shareOf = (trade: string, end: string): string => {
  const { value, quantity } = { value: `${trade}.value_usd`, quantity: `${trade}.quantity_raw` }
  const upTo = (place: string): string =>
    `least(${value}, CAST(${value}::DOUBLE * ((${place} - ${end} + ${quantity})::DOUBLE / ${quantity}::DOUBLE) AS DECIMAL(38,12)))`
  return `if(line_end = ${end}, ${value}, ${upTo('line_end')}) - ${upTo('line_start')}`
}
