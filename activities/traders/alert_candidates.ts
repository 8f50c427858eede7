import { atSnapshot as tableAt } from '../../infra/lake/identifier.js'
import { quoteAssets } from '../../schemas/traders/quote_assets.js'

/** A table as it was at a snapshot, which takes an alias only in brackets. */
const atSnapshot = (table: string, snapshotId: number): string => `(FROM ${tableAt(table, snapshotId)})`

const symbolOf = (address: string): string =>
  `CASE ${address} ${quoteAssets.map((asset) => `WHEN '${asset.address}' THEN '${asset.symbol}'`).join(' ')} ELSE ${address} END`
const amountOf = (raw: string, decimals: string): string => `format('{:.6g}', ${raw}::DOUBLE / pow(10, ${decimals}))`

/**
 * Trades of wallets that were watched when they traded, or are watched now. A wallet that is watched no more may still be the counterpart of
 * one that is, which is no news.
 */
const watchedTrades = (snapshotId: number): string => `
  SELECT trade.* FROM ${atSnapshot('traders_live.trades', snapshotId)} AS trade SEMI JOIN (
    SELECT unnest(from_json(confirmed_addresses, '["VARCHAR"]')) AS wallet_address,
      coalesce(lead(as_of) OVER (ORDER BY as_of), TIMESTAMPTZ 'infinity') AS watched_until
    FROM ${atSnapshot('traders_gold.webhook_subscription', snapshotId)} WHERE status = 'confirmed'
  ) AS watched ON trade.wallet_address = watched.wallet_address AND trade.block_time < watched.watched_until`

const raised = (snapshotId: number): string => atSnapshot('traders_gold.trader_alerts', snapshotId)

/** Each trade of a watched wallet that was not told of yet. Binds `raised_at`. */
export const tradeAlerts = (snapshotId: number): string => `
SELECT 'trade/' || signature || '/' || wallet_address || '/' || token_address AS alert_id, 'trade' AS kind, block_time AS occurred_at,
  $raised_at::TIMESTAMPTZ AS raised_at, wallet_address, token_address, signature,
  wallet_address || if(side = 'buy', ' bought ', ' sold ') || ${amountOf('quantity_raw', 'decimals')} || ' of ' || token_address || ' for '
    || ${amountOf('counter_quantity_raw', 'counter_decimals')} || ' ' || ${symbolOf('counter_token_address')} AS message,
  CAST(json_object('side', side, 'quantity_raw', quantity_raw::VARCHAR, 'decimals', decimals, 'counter_token_address', counter_token_address,
    'counter_quantity_raw', counter_quantity_raw::VARCHAR, 'counter_decimals', counter_decimals, 'origin', origin) AS VARCHAR) AS details
FROM (${watchedTrades(snapshotId)}) ANTI JOIN ${raised(snapshotId)} USING (signature, wallet_address, token_address)`

/**
 * The purchase with which enough watched wallets had bought one token within the time, once for as long as such purchases follow each other. One that
 * came late and would begin the same crowd earlier is not told of again. Binds `raised_at`, `least_wallets` and `within_minutes`.
 */
export const clusterAlerts = (snapshotId: number): string => `
WITH purchase AS (
  SELECT token_address, wallet_address, signature, block_time, to_minutes($within_minutes::BIGINT) AS within
  FROM (${watchedTrades(snapshotId)}) WHERE side = 'buy'
), crowd AS (
  SELECT one.token_address, one.signature, one.block_time, one.within, list_sort(list(DISTINCT other.wallet_address)) AS wallets
  FROM purchase AS one JOIN purchase AS other ON one.token_address = other.token_address
    AND other.block_time BETWEEN one.block_time - one.within AND one.block_time
  GROUP BY ALL HAVING count(DISTINCT other.wallet_address) >= $least_wallets::BIGINT
), beginning AS (
  SELECT *, lag(block_time) OVER (PARTITION BY token_address ORDER BY block_time, signature) AS before FROM crowd
)
SELECT 'cluster/' || token_address || '/' || signature AS alert_id, 'cluster' AS kind, block_time AS occurred_at,
  $raised_at::TIMESTAMPTZ AS raised_at, NULL::VARCHAR AS wallet_address, token_address, signature,
  len(wallets) || ' watched wallets bought ' || token_address || ' within ' || $within_minutes || ' minutes' AS message,
  CAST(json_object('wallets', to_json(wallets), 'within_minutes', $within_minutes::BIGINT) AS VARCHAR) AS details
FROM beginning WHERE (before IS NULL OR before < block_time - within) AND NOT EXISTS (
  FROM ${raised(snapshotId)} AS told WHERE told.kind = 'cluster' AND told.token_address = beginning.token_address
    AND told.occurred_at BETWEEN beginning.block_time - within AND beginning.block_time + within)`

/** Wallets whose tier in the published run is not the one last told of. Binds `logical_run`. */
export const changedTiers = (snapshotId: number, publishedSnapshotId: number): string => `
SELECT coalesce(ranked.wallet_address, announced.wallet_address) AS wallet_address, coalesce(ranked.tier, 'none') AS tier,
  $logical_run AS logical_run, coalesce(announced.tier, 'none') AS before, ranked.rank
FROM ${atSnapshot('traders_gold.smart_wallets', publishedSnapshotId)} AS ranked
FULL JOIN ${atSnapshot('traders_live.announced_tiers', snapshotId)} AS announced ON ranked.wallet_address = announced.wallet_address
WHERE coalesce(ranked.tier, 'none') <> coalesce(announced.tier, 'none')`

/** An alert for each of `changed_tiers`, a relation of the session. Binds `raised_at`. */
export const tierAlerts = `
SELECT 'tier/' || logical_run || '/' || wallet_address AS alert_id, 'tier' AS kind, logical_run::TIMESTAMPTZ AS occurred_at,
  $raised_at::TIMESTAMPTZ AS raised_at, wallet_address, NULL::VARCHAR AS token_address, NULL::VARCHAR AS signature,
  wallet_address || CASE WHEN before = 'none' THEN ' is ranked now, tier ' || tier || ', rank ' || rank
    WHEN tier = 'none' THEN ' is ranked no more; it was ' || before ELSE ' is ' || tier || ' now, rank ' || rank || '; it was ' || before END AS message,
  CAST(json_object('tier', tier, 'before', before, 'rank', rank, 'logical_run', logical_run) AS VARCHAR) AS details
FROM changed_tiers`
