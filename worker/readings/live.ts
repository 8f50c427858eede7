import type { JsonRow } from '../../infra/lake/session.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { webhookBalances } from '../../schemas/traders/bronze/webhook_balances.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { traderAlerts } from '../../schemas/traders/gold/trader_alerts.js'
import { trades } from '../../schemas/traders/live/trades.js'
import type { LakeView } from './lake_view.js'
import { newestTokens } from './wallet.js'

interface LiveRequest {
  /** Only what was received later than this, as a row's `received_at` has it. */
  readonly after?: string | undefined
  readonly limit: number
}

interface LivePage {
  readonly limit: number
  readonly offset?: number
}

/**
 * Changes of balances of ranked wallets in the transactions that Helius delivered, newest first: one row per transaction, wallet and
 * asset, with the wallet's rank and the asset's symbol.
 */
export const readEvents = (
  { session, stored, published }: LakeView,
  { after, limit }: LiveRequest,
): Promise<JsonRow[]> =>
  session.all(
    `SELECT e.signature, e.received_at, e.block_time, e.slot, e.source, e.transaction_type, b.owner_address AS wallet_address, b.asset_address AS token_address,
      b.change_raw, b.decimals, ranked.rank, ranked.tier, token.symbol
    FROM ${stored(webhookEvents)} AS e JOIN ${stored(webhookBalances)} AS b USING (signature)
    JOIN ${published(smartWallets)} AS ranked ON ranked.wallet_address = b.owner_address
    LEFT JOIN (${newestTokens(stored(tokenMetrics))}) AS token ON token.token_address = b.asset_address
    WHERE b.change_raw <> 0 AND NOT e.is_failed AND ($after IS NULL OR e.received_at > $after::TIMESTAMPTZ)
    ORDER BY e.received_at DESC, e.signature, b.asset_address LIMIT ${Math.trunc(limit)}`,
    { after: after ?? null },
  )

/** How many deliveries the lake holds, and when the last was received and made. */
export const readDeliveries = ({ session, stored }: LakeView): Promise<JsonRow> =>
  session.one(
    `SELECT count(*) AS events, count(*) FILTER (received_at > now() - INTERVAL 1 HOUR) AS last_hour, max(received_at) AS last_received_at,
      median(epoch(received_at) - epoch(block_time)) FILTER (origin = 'delivered') AS lag_seconds
    FROM ${stored(webhookEvents)}`,
  )

/**
 * Trades read from deliveries, newest first, with the wallet's rank, where it is ranked, and the token's symbol. `of_total` is how many
 * there are.
 */
export const readLiveTrades = ({ session, stored, published }: LakeView, page: LivePage): Promise<JsonRow[]> =>
  session.all(
    `SELECT trade.*, ranked.rank, ranked.tier, token.symbol, count(*) OVER () AS of_total
    FROM ${stored(trades)} AS trade LEFT JOIN ${published(smartWallets)} AS ranked USING (wallet_address)
    LEFT JOIN (${newestTokens(stored(tokenMetrics))}) AS token USING (token_address)
    ORDER BY trade.block_time DESC, trade.signature, trade.wallet_address, trade.token_address ${limited(page)}`,
  )

/** What there was to tell, newest first, with the token's symbol; `of_total` is how much there is. */
export const readAlerts = ({ session, stored }: LakeView, page: LivePage): Promise<JsonRow[]> =>
  session.all(
    `SELECT alert.*, token.symbol, count(*) OVER () AS of_total
    FROM ${stored(traderAlerts)} AS alert LEFT JOIN (${newestTokens(stored(tokenMetrics))}) AS token USING (token_address)
    ORDER BY alert.occurred_at DESC, alert.alert_id ${limited(page)}`,
  )

const limited = ({ limit, offset = 0 }: LivePage): string => `LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`
