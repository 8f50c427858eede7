import type { JsonRow } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { walletVerdicts } from '../../schemas/traders/gold/wallet_verdicts.js'
import { lotMatches } from '../../schemas/traders/silver/lot_matches.js'
import { openLots } from '../../schemas/traders/silver/open_lots.js'
import { trades } from '../../schemas/traders/silver/trades.js'
import { walletPnl } from '../../schemas/traders/silver/wallet_pnl.js'
import type { LakeView } from './lake_view.js'

/** Each part of what the lake knows of one wallet: the table it is in, and its order. */
const parts = {
  ranking: [smartWallets, 'rank'],
  verdicts: [walletVerdicts, 'rule'],
  pnl: [
    walletPnl,
    "token_address <> 'ALL_TOKENS', token_address, list_position(['all', 'quarter', 'month', 'week'], timeframe)",
  ],
  lot_matches: [lotMatches, 'sold_at DESC, token_address, sell_sequence DESC, buy_sequence DESC'],
  open_lots: [openLots, 'bought_at DESC, token_address'],
  trades: [trades, 'block_time DESC, token_address, sequence DESC'],
} as const satisfies Record<string, readonly [Table, string]>

export type WalletPart = keyof typeof parts
export const walletParts = ['ranking', 'verdicts', 'pnl', 'lot_matches', 'open_lots', 'trades'] as const
/** Of a busy wallet these have thousands of rows. */
export const longParts = ['lot_matches', 'open_lots', 'trades'] as const satisfies readonly WalletPart[]
export type LongPart = (typeof longParts)[number]

interface Page {
  readonly limit: number
  readonly offset: number
}

/** All rows of one part of a wallet. */
export const readWalletPart = (
  { session, published }: LakeView,
  part: WalletPart,
  address: string,
): Promise<JsonRow[]> => {
  const [table, order] = parts[part]
  return session.all(`SELECT * FROM ${published(table)} WHERE wallet_address = $address ORDER BY ${order}`, { address })
}

/** One page of a part's rows, with the token's symbol and decimals, and of a sold lot `pnl_usd`; and how many there are on all pages. */
export const readWalletPage = async (
  view: LakeView,
  part: LongPart,
  address: string,
  { limit, offset }: Page,
): Promise<{ readonly rows: readonly JsonRow[]; readonly total: number }> => {
  const { session, published, stored } = view
  const [table, order] = parts[part]
  const pnl = part === 'lot_matches' ? ', proceeds_usd - cost_usd AS pnl_usd' : ''
  // Lots do not say how many decimals their token has; trades do.
  const [decimals, traded] =
    part === 'trades'
      ? ['', '']
      : [
          'traded.decimals,',
          `JOIN (
            SELECT token_address, any_value(decimals) AS decimals FROM ${published(trades)}
            WHERE wallet_address = $address GROUP BY token_address
          ) AS traded USING (token_address)`,
        ]
  const found = await session.all(
    `SELECT page.*, ${decimals} token.symbol
    FROM (
      SELECT *${pnl}, count(*) OVER () AS of_total FROM ${published(table)} WHERE wallet_address = $address
      ORDER BY ${order} LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}
    ) AS page ${traded}
    LEFT JOIN (${newestTokens(stored(tokenMetrics))}) AS token USING (token_address)
    ORDER BY ${order.replaceAll('token_address', 'page.token_address')}`,
    { address },
  )
  const [first] = found
  // No row tells of the others on a page past the last.
  const total = first === undefined && offset > 0 ? await countWalletPart(view, part, address) : first?.['of_total']
  return { rows: found.map(({ of_total: _, ...row }) => row), total: Number(total ?? 0) }
}

/** How a wallet did in all with every token, over all its time. */
export const readWalletTotal = async (
  { session, published }: LakeView,
  address: string,
): Promise<JsonRow | undefined> => {
  const [row] = await session.all(
    `SELECT * FROM ${published(walletPnl)} WHERE wallet_address = $address AND token_address = 'ALL_TOKENS' AND timeframe = 'all'`,
    { address },
  )
  return row
}

/** How many rows a part of a wallet has. */
const countWalletPart = async ({ session, published }: LakeView, part: LongPart, address: string): Promise<number> => {
  const [table] = parts[part]
  const { n } = await session.one(`SELECT count(*) AS n FROM ${published(table)} WHERE wallet_address = $address`, {
    address,
  })
  return Number(n)
}

/** Cumulative realized PnL of a wallet at the end of each day with a sale: `day`, `realized_usd` of it, `equity_usd` so far. */
export const readEquity = ({ session, published }: LakeView, address: string): Promise<JsonRow[]> =>
  session.all(
    `SELECT strftime(day, '%Y-%m-%d') AS day, realized_usd, sum(realized_usd) OVER (ORDER BY day) AS equity_usd
    FROM (
      SELECT date_trunc('day', sold_at) AS day, sum(proceeds_usd - cost_usd) AS realized_usd FROM ${published(lotMatches)}
      WHERE wallet_address = $address AND cost_usd IS NOT NULL AND proceeds_usd IS NOT NULL GROUP BY day
    ) ORDER BY day`,
    { address },
  )

/** What a wallet made with each token, all its time; with the token's symbol where a run has seen it, and `of_total` tokens. */
export const readTokenPnl = (
  { session, published, stored }: LakeView,
  address: string,
  page: Page,
): Promise<JsonRow[]> =>
  session.all(
    `SELECT pnl.*, token.symbol, token.decimals, count(*) OVER () AS of_total
    FROM ${published(walletPnl)} AS pnl LEFT JOIN (${newestTokens(stored(tokenMetrics))}) AS token USING (token_address)
    WHERE wallet_address = $address AND timeframe = 'all' AND token_address <> 'ALL_TOKENS' AND first_trade_at IS NOT NULL
    ORDER BY abs(total_pnl_usd) DESC, token_address LIMIT ${Math.trunc(page.limit)} OFFSET ${Math.trunc(page.offset)}`,
    { address },
  )

/** A token as the newest run that selected it saw it. */
export const newestTokens = (metrics: string): string =>
  `SELECT * FROM ${metrics} QUALIFY row_number() OVER (PARTITION BY token_address ORDER BY as_of DESC) = 1`
