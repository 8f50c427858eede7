import { z } from 'zod'
import { tokenMetrics } from '../../../schemas/traders/bronze/token_metrics.js'
import { tiers } from '../../../schemas/traders/gold/rules.js'
import { smartWallets } from '../../../schemas/traders/gold/smart_wallets.js'
import { walletVerdicts } from '../../../schemas/traders/gold/wallet_verdicts.js'
import { lotMatches } from '../../../schemas/traders/silver/lot_matches.js'
import { openLots } from '../../../schemas/traders/silver/open_lots.js'
import { trades } from '../../../schemas/traders/silver/trades.js'
import { walletPnl } from '../../../schemas/traders/silver/wallet_pnl.js'
import { rankingOrders, readRanking } from '../../readings/ranking.js'
import { readToken, readTokens } from '../../readings/tokens.js'
import {
  type LongPart,
  readEquity,
  readTokenPnl,
  readWalletPage,
  readWalletPart,
  readWalletTotal,
} from '../../readings/wallet.js'
import { notFound } from '../problem.js'
import { digits, jsonRow } from './json_row.js'
import { defineResource, list, paging, type Resource } from './resource.js'

const orders = Object.keys(rankingOrders).filter((name): name is keyof typeof rankingOrders => name in rankingOrders)
const address = { address: z.string().min(1).max(64) }
const usdText = z.string().nullable()

const leaderboard = defineResource({
  path: '/leaderboard',
  summary: 'The published ranking, with rank and tier of the run before',
  query: {
    tier: z.enum([...tiers.map(({ name }) => name), 'promising']).optional(),
    search: z.string().max(64).optional().describe('part of an address'),
    order: z.enum(orders).default('rank'),
    ...paging,
  },
  answer: list(
    jsonRow(smartWallets.columns, { rank_before: z.int32().nullable(), tier_before: z.string().nullable() }),
  ),
  read: async (view, { query }) => {
    const { rows, total } = await readRanking(view, query)
    return { items: rows, total }
  },
})

const wallet = defineResource({
  path: '/wallets/{address}',
  summary: 'One wallet: its rank, the verdict of every rule, and its profit and loss in all',
  parameters: address,
  answer: {
    address: z.string(),
    ranking: jsonRow(smartWallets.columns).nullable(),
    verdicts: z.array(jsonRow(walletVerdicts.columns)),
    total: jsonRow(walletPnl.columns).nullable(),
  },
  read: async (view, { parameters }) => {
    const [ranking] = await readWalletPart(view, 'ranking', parameters.address)
    const verdicts = await readWalletPart(view, 'verdicts', parameters.address)
    const total = await readWalletTotal(view, parameters.address)
    if (total === undefined && verdicts.length === 0)
      throw notFound(`no trade of the wallet "${parameters.address}" is in what was published then`)
    return { address: parameters.address, ranking: ranking ?? null, verdicts, total: total ?? null }
  },
})

const named = { symbol: z.string().nullable(), decimals: z.int32() }
const longPart = (name: string, part: LongPart, summary: string, item: z.ZodType): Resource =>
  defineResource({
    path: `/wallets/{address}/${name}`,
    summary,
    parameters: address,
    query: paging,
    answer: list(item),
    read: async (view, { parameters, query }) => {
      const { rows, total } = await readWalletPage(view, part, parameters.address, query)
      return { items: rows, total }
    },
  })

const tokenPnl = defineResource({
  path: '/wallets/{address}/tokens',
  summary: 'Profit and loss of a wallet by token, over all its time',
  parameters: address,
  query: paging,
  answer: list(
    jsonRow(walletPnl.columns, { symbol: z.string().nullable(), decimals: z.int32().nullable(), of_total: digits }),
  ),
  read: async (view, { parameters, query }) => {
    const items = await readTokenPnl(view, parameters.address, query)
    return { items, total: Number(items[0]?.['of_total'] ?? 0) }
  },
})

const equity = defineResource({
  path: '/wallets/{address}/equity',
  summary: 'Cumulative realized profit and loss of a wallet by day',
  parameters: address,
  answer: list(z.object({ day: z.iso.date(), realized_usd: z.string(), equity_usd: z.string() })),
  read: async (view, { parameters }) => ({ items: await readEquity(view, parameters.address) }),
})

const tokens = defineResource({
  path: '/tokens',
  summary: 'Tokens as the newest run that selected each saw them',
  query: { search: z.string().max(64).optional().describe('part of a symbol, a name or an address'), ...paging },
  answer: list(
    jsonRow(tokenMetrics.columns, {
      ranked_traders: digits,
      ranked_realized_usd: usdText,
      ranked_holders: digits,
      ranked_open_usd: usdText,
    }),
  ),
  read: async (view, { query }) => {
    const { rows, total } = await readTokens(view, query)
    return { items: rows, total }
  },
})

const token = defineResource({
  path: '/tokens/{address}',
  summary: 'One token over time, and who trades it',
  parameters: address,
  query: paging,
  answer: {
    metrics: z.array(jsonRow(tokenMetrics.columns)),
    wallets: z.array(
      jsonRow(walletPnl.columns, { rank: z.int32().nullable(), tier: z.string().nullable(), of_total: digits }),
    ),
    prices: z.array(z.object({ day: z.iso.date(), price_usd: z.number(), trades: digits })),
  },
  read: async (view, { parameters, query }) => {
    const reading = await readToken(view, parameters.address, query)
    if (reading.metrics.length + reading.wallets.length + reading.prices.length === 0)
      throw notFound(`the token "${parameters.address}" is in no run then`)
    return reading
  },
})

/** What is known of wallets and tokens. */
export const walletResources: readonly Resource[] = [
  leaderboard,
  wallet,
  longPart(
    'trades',
    'trades',
    'Every trade of a wallet, the newest first',
    jsonRow(trades.columns, { symbol: z.string().nullable() }),
  ),
  longPart(
    'lots',
    'lot_matches',
    'Lots a wallet has sold, with `pnl_usd`',
    jsonRow(lotMatches.columns, { ...named, pnl_usd: usdText }),
  ),
  longPart('open-lots', 'open_lots', 'Lots a wallet still holds', jsonRow(openLots.columns, named)),
  tokenPnl,
  equity,
  tokens,
  token,
]
