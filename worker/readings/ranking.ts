import type { JsonRow } from '../../infra/lake/session.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import type { LakeView } from './lake_view.js'

/** What a ranking can be ordered by, each with the better values first. */
export const rankingOrders = {
  rank: 'rank',
  realized: 'realized_pnl_usd DESC, rank',
  roi: 'roi DESC, rank',
  win_rate: 'win_rate DESC, rank',
  trades: 'trade_count DESC, rank',
  recent: 'last_trade_at DESC, rank',
} as const
export type RankingOrder = keyof typeof rankingOrders

export interface RankingRequest {
  readonly tier?: string | undefined
  /** Part of an address. */
  readonly search?: string | undefined
  readonly order?: RankingOrder | undefined
  readonly limit: number
  readonly offset: number
}

export interface Ranking {
  /** Rows of smart_wallets, with `rank_before` and `tier_before` of the run published before; NULL where it was not ranked. */
  readonly rows: readonly JsonRow[]
  /** How many pass the filters. */
  readonly total: number
  /** All ranked wallets, by tier. */
  readonly tiers: ReadonlyMap<string, number>
  /** Those of the run before that are ranked no more. */
  readonly left: number
}

/** The published ranking, the best wallets first unless another order is asked for. */
export const readRanking = async (
  { session, published, before }: LakeView,
  { tier, search, order = 'rank', limit, offset }: RankingRequest,
): Promise<Ranking> => {
  const given = { tier: tier ?? null, search: search ?? null }
  const filters = `($tier IS NULL OR tier = $tier) AND ($search IS NULL OR contains(lower(wallet_address), lower($search)))`
  const rows = await session.all(
    `SELECT now_.*, was.rank AS rank_before, was.tier AS tier_before
    FROM (SELECT * FROM ${published(smartWallets)} WHERE ${filters} ORDER BY ${rankingOrders[order]} LIMIT $limit OFFSET $offset) AS now_
    LEFT JOIN ${before(smartWallets)} AS was USING (wallet_address)
    ORDER BY ${rankingOrders[order].replace(/\b([a-z_]+)( DESC)?(,|$)/g, 'now_.$1$2$3')}`,
    { ...given, limit: BigInt(limit), offset: BigInt(offset) },
  )
  const tiers = await session.all(
    `SELECT tier, count(*) AS n, count(*) FILTER (${filters}) AS passing FROM ${published(smartWallets)} GROUP BY tier`,
    given,
  )
  const { n } = await session.one(
    `SELECT count(*) AS n FROM ${before(smartWallets)} WHERE wallet_address NOT IN (SELECT wallet_address FROM ${published(smartWallets)})`,
  )
  return {
    rows,
    total: tiers.reduce((sum, { passing }) => sum + Number(passing), 0),
    tiers: new Map(tiers.map((row) => [String(row['tier']), Number(row['n'])])),
    left: Number(n),
  }
}
