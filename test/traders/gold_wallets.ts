import type { Json } from '@duckdb/node-api'
import { InMemoryGold } from '../../bench/in_memory_gold.js'
import type { Row, Table } from '../../schemas/table.js'
import { whaleHolders } from '../../schemas/traders/bronze/whale_holders.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { lotMatches } from '../../schemas/traders/silver/lot_matches.js'
import { walletPnl } from '../../schemas/traders/silver/wallet_pnl.js'

export const asOf = new Date('2026-11-21T06:00:00Z')
const dayMs = 86_400_000
export const daysBefore = (days: number): Date => new Date(asOf.getTime() - days * dayMs)

export type Pnl = Row<typeof walletPnl>
export type Match = Row<typeof lotMatches>

/** A wallet by its figures in wallet_pnl and the positions behind its score, told apart so that each can be set alone. */
export interface GivenWallet {
  readonly address: string
  readonly pnl?: Partial<Pnl>
  readonly matches?: readonly Match[]
  /** Rows of single tokens: what is open. */
  readonly open?: readonly Partial<Pnl>[]
  /** What the owner is; null when it was never looked at. */
  readonly ownerKind?: string | null
}

/** Figures that pass every rule by far and reach no tier but promising. */
const good: Partial<Pnl> = {
  realized_pnl_usd: '50.000000000000',
  cost_of_sold_usd: '1000.000000000000',
  roi: 0.05,
  win_rate: 0.6,
  win_rate_lower_bound: 0.4,
  wins: 12n,
  losses: 8n,
  round_trips: 20n,
  buy_count: 20n,
  sell_count: 20n,
  coverage: 1,
  concentration: 0.2,
  trades_per_day: 4,
  quick_sale_share: 0,
  cyclic_share: 0,
  first_trade_at: daysBefore(60),
  last_trade_at: daysBefore(1),
}

/** A position bought and sold whole for `gain` times its cost of 100 USD, each in a token of its own, `number` days ago. */
export const position = (address: string, number: number, gain: number, given: Partial<Match> = {}): Match => ({
  ...lotMatches.example,
  wallet_address: address,
  token_address: `token${number}`,
  bought_at: daysBefore(number + 1),
  sold_at: daysBefore(number),
  held_seconds: 86_400n,
  cost_usd: '100.000000000000',
  proceeds_usd: (100 * (1 + gain)).toFixed(12),
  closes_position: true,
  ...given,
})

export const positions = (address: string, gains: readonly number[]): Match[] =>
  gains.map((gain, index) => position(address, index + 1, gain))

const usual = [0.12, -0.04, 0.08, 0.05, -0.06, 0.1, 0.07, -0.02, 0.04, 0.09, 0.03, -0.05]

export const openGold = async (
  wallets: readonly GivenWallet[],
  thresholds: Readonly<Record<string, number>> = {},
  threads = '2',
): Promise<InMemoryGold> => {
  const gold = await InMemoryGold.open(asOf.toISOString(), thresholds, threads)
  const pnlOf = ({ address, pnl, open = [] }: GivenWallet): Pnl[] => [
    { ...walletPnl.example, ...good, ...pnl, wallet_address: address, token_address: 'ALL_TOKENS', timeframe: 'all' },
    ...open.map((token) => ({ ...walletPnl.example, ...token, wallet_address: address, timeframe: 'all' })),
  ]
  await gold.load(walletPnl, wallets.flatMap(pnlOf))
  await gold.load(
    lotMatches,
    wallets.flatMap(({ address, matches }) => matches ?? positions(address, usual)),
  )
  await gold.load(
    whaleHolders,
    wallets.flatMap(({ address, ownerKind = 'wallet' }) =>
      ownerKind === null
        ? []
        : [
            {
              ...whaleHolders.example,
              wallet_address: address,
              owner_kind: ownerKind,
              is_tradable: ownerKind === 'wallet',
            },
          ],
    ),
  )
  return gold
}

/** The rows of a gold table, typed and ordered by its key or its rank; its blocking checks must hold. */
export const rowsOf = async (gold: InMemoryGold, table: Table): Promise<Record<string, Json>[]> => {
  const relation = await gold.relation(table)
  for (const [name, { offending }] of Object.entries(table.checks)) {
    const [row] = await gold.rows(`SELECT (${offending})::INTEGER AS n FROM ${relation}`)
    if (row?.['n'] !== 0) throw new Error(`${table.name}: ${name} (${String(row?.['n'])})`)
  }
  const order = 'rank' in table.columns ? 'rank' : table.key.join(', ')
  const columns = Object.entries(table.columns).map(([name, { sql }]) => `CAST(${name} AS ${sql}) AS ${name}`)
  return gold.rows(`SELECT ${columns.join(', ')} FROM ${relation} ORDER BY ${order}`)
}

export const ranking = async (wallets: readonly GivenWallet[], threads = '2'): Promise<Record<string, Json>[]> =>
  rowsOf(await openGold(wallets, {}, threads), smartWallets)
