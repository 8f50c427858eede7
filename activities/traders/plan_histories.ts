import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'

export interface HistoriesRequest {
  readonly asOf: string
  /** The snapshot that holds the run's whales. */
  readonly snapshotId: number
  readonly history: SmartTradersInput['history']
}

export interface HistoriesPlan {
  readonly wallets: number
  readonly batches: number
}

/** Counts the wallets whose swaps the run is to read; batch n is the n-th slice of `historyWallets`. */
export const planHistories = async (lake: Lake, request: HistoriesRequest): Promise<HistoriesPlan> => {
  const { maxWallets, walletsPerBatch } = request.history
  const wallets = await lake.session((session) => historyWallets(session, request, 0, maxWallets))
  return { wallets: wallets.length, batches: Math.ceil(wallets.length / walletsPerBatch) }
}

/**
 * The wallets to be read, the most promising first, so that a short budget is spent on them: those ranked before, then top
 * traders, then holders of many of the run's tokens. The order is total, so batches of one snapshot never overlap.
 */
export const historyWallets = async (
  session: Session,
  { asOf, snapshotId }: HistoriesRequest,
  offset: number,
  limit: number,
): Promise<string[]> => {
  const rows = await session.all(
    `
    WITH candidates AS (
      SELECT wallet_address, NULL::INTEGER AS rank, min(top_trader_rank) AS top_trader_rank, count(*) AS tokens
      FROM ${atSnapshot('traders_bronze.whale_holders', snapshotId)}
      WHERE as_of = $as_of::TIMESTAMPTZ AND is_tradable
      GROUP BY wallet_address
      UNION ALL
      SELECT wallet_address, rank, NULL, 0 FROM ${atSnapshot('traders_gold.smart_wallets', snapshotId)})
    SELECT wallet_address
    FROM candidates
    GROUP BY wallet_address
    ORDER BY min(rank) NULLS LAST, min(top_trader_rank) NULLS LAST, sum(tokens) DESC, wallet_address
    LIMIT $limit OFFSET $offset`,
    { as_of: asOf, limit: BigInt(limit), offset: BigInt(offset) },
  )
  return rows.map(({ wallet_address }) => String(wallet_address))
}
