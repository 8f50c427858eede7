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
export const positions: Intermediate = {
  name: 'positions',
  derive: {
    from: { trades: numberedTrades },
    by: 'wallet_address',
    select: ({ trades }) => `
WITH running AS (
  SELECT pair, sequence, side = 'buy' AS is_buy, quantity_raw, value_usd,
    sum(if(side = 'buy', quantity_raw, 0)) OVER trade_order AS bought, sum(if(side = 'buy', 0, quantity_raw)) OVER trade_order AS sold
  FROM ${trades} WINDOW trade_order AS (PARTITION BY pair ORDER BY sequence ROWS UNBOUNDED PRECEDING)
), line AS (
  SELECT *, if(is_buy, bought, sold - greatest(max(sold - bought) OVER trade_order, 0)) AS line_end
  FROM running WINDOW trade_order AS (PARTITION BY pair ORDER BY sequence ROWS UNBOUNDED PRECEDING)
)
SELECT pair, sequence, is_buy, quantity_raw, value_usd, line_end,
  -- held after the sale / (that + sold) <= 1 %
  NOT is_buy AND (bought - line_end)::DOUBLE * 99 <= quantity_raw::DOUBLE AS closes_position
FROM line`,
  },
}

/**
 * The part of a trade's value that falls to a piece: value up to the piece's end less value up to its start, so that the parts
 * of a trade add up to its value to the last digit, however they are rounded. Inside a trade the share is a double: off by no
 * more than 2^-51 of the value, which does not add up over pieces, and cannot overflow.
 */
const shareOf = (trade: 'lot' | 'sale'): string => {
  const [value, quantity, end] = [`${trade}_value`, `${trade}_quantity`, `${trade}_end`]
  const upTo = (place: string): string =>
    `least(${value}, CAST(${value}::DOUBLE * ((${place} - ${end} + ${quantity})::DOUBLE / ${quantity}::DOUBLE) AS DECIMAL(38,12)))`
  return `if(line_end = ${end}, ${value}, ${upTo('line_end')})
    - if(line_start = ${end} - ${quantity}, 0, ${upTo('line_start')})`
}

/**
 * The next row at or after this one, on the line, that is a lot or a sale: its columns under the names of that trade. A value is
 * above zero, so -1 carries "unpriced" past IGNORE NULLS, which else would take the value of a later trade.
 */
const next = (trade: 'lot' | 'sale'): string => {
  const isTrade = `is_buy = ${trade === 'lot'}`
  const first = (column: string): string => `first_value(if(${isTrade}, ${column}, NULL) IGNORE NULLS) OVER rest`
  return `${first('sequence')} AS ${trade}, ${first('line_end')} AS ${trade}_end, ${first('quantity_raw')} AS ${trade}_quantity,
    nullif(${first('coalesce(value_usd, -1)')}, -1) AS ${trade}_value`
}

/**
 * The line cut at the end of every lot and of every sale: each cut but those of unsold lots is a piece, of the next lot and the
 * next sale that end at or after it. Sales that took nothing end where the one before them does, and come after it.
 */
export const pieces: Intermediate = {
  name: 'pieces',
  derive: {
    from: { positions },
    by: 'wallet_address',
    select: ({ positions }) => `
WITH cut AS (
  SELECT pair, line_end, coalesce(lag(line_end) OVER (PARTITION BY pair ORDER BY line_end, sequence), 0) AS line_start,
    ${next('lot')}, ${next('sale')},
    first_value(if(is_buy, NULL, closes_position) IGNORE NULLS) OVER rest AS closes_position
  FROM ${positions}
  WINDOW rest AS (PARTITION BY pair ORDER BY line_end, sequence ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
SELECT pair, lot, sale, line_end - line_start AS quantity_raw, closes_position,
  if(lot_value < 0, NULL, ${shareOf('lot')}) AS cost_usd, if(sale_value < 0, NULL, ${shareOf('sale')}) AS proceeds_usd
FROM cut WHERE line_start < line_end AND sale IS NOT NULL`,
  },
}
