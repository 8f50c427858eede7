import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { quoteAssets } from '../../schemas/traders/quote_assets.js'

export interface Comparison {
  readonly polled: number
  readonly agreeing: number
  readonly differing: number
  /** Transactions that polling has found and no delivery has told of, the newest first. */
  readonly missed: readonly string[]
}

export interface ComparisonRequest {
  readonly snapshotId: number
  /** ISO 8601. What is later may still come. */
  readonly until: string
  /** ISO 8601. What is earlier is left to the runs. */
  readonly from: string
}

const money = quoteAssets.map(({ address }) => `'${address}'`).join(', ')

/**
 * Compares what polling says that watched wallets traded, since each is watched, with what the webhook says: the change of each token over a
 * whole transaction, in smallest units. A trade that came back to nothing within its transaction is none to either.
 */
export const comparePolling = async (
  session: Session,
  { snapshotId, from, until }: ComparisonRequest,
): Promise<Comparison> => {
  // In brackets, as only so it takes an alias.
  const at = (table: string) => `(FROM ${atSnapshot(table, snapshotId)})`
  const leg = (own: 'base' | 'quote') =>
    `SELECT wallet_address, tx_hash, block_time, ${own}_address AS token_address, ${own}_change_raw AS change_raw
    FROM ${at('traders_bronze.transaction_history')}`
  await session.run(
    `
CREATE OR REPLACE TEMP TABLE comparison AS
WITH watched AS (
  SELECT wallet_address, min(as_of) AS since FROM (
    SELECT as_of, unnest(from_json(confirmed_addresses, '["VARCHAR"]')) AS wallet_address
    FROM ${at('traders_gold.webhook_subscription')} WHERE status = 'confirmed'
  ) GROUP BY wallet_address
), polled AS (
  SELECT tx_hash AS signature, wallet_address, token_address, sum(change_raw) AS change_raw, max(block_time) AS block_time
  FROM (${leg('base')} UNION ALL ${leg('quote')}) JOIN watched USING (wallet_address)
  WHERE block_time BETWEEN greatest(since, $from::TIMESTAMPTZ) AND $until::TIMESTAMPTZ AND token_address NOT IN (${money})
  GROUP BY ALL HAVING sum(change_raw) <> 0
)
SELECT signature, polled.block_time, event.signature IS NOT NULL AS is_told,
  trade.quantity_raw IS NOT NULL AND if(trade.side = 'buy', 1, -1) * trade.quantity_raw = polled.change_raw AS is_equal
FROM polled LEFT JOIN ${at('traders_bronze.webhook_events')} AS event USING (signature)
LEFT JOIN ${at('traders_live.trades')} AS trade USING (signature, wallet_address, token_address)`,
    { from, until },
  )
  const counts = await session.one(`
    SELECT count(*) AS polled, count(*) FILTER (is_told AND is_equal) AS agreeing, count(*) FILTER (is_told AND NOT is_equal) AS differing
    FROM comparison`)
  const missed = await session.all(`
    SELECT signature FROM comparison WHERE NOT is_told GROUP BY signature ORDER BY max(block_time) DESC, signature`)
  return {
    polled: Number(counts['polled']),
    agreeing: Number(counts['agreeing']),
    differing: Number(counts['differing']),
    missed: missed.map(({ signature }) => String(signature)),
  }
}
