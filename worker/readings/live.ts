import type { JsonRow } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { webhookBalances } from '../../schemas/traders/bronze/webhook_balances.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { traders } from '../../schemas/traders/index.js'
import type { LakeView } from './lake_view.js'
import { newestTokens } from './wallet.js'

interface LiveRequest {
  /** Only what was received later than this, as a row's `received_at` has it. */
  readonly after?: string | undefined
  readonly limit: number
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

/** The table of alerts, where this build has it. */
export const alertsTable = (): Table | undefined =>
  traders.stages.flatMap(({ tables }) => tables).find(({ name }) => name === 'traders_gold.trader_alerts')

/** The newest alerts, by the first of the table's times; none where this build has no such table. */
export const readAlerts = async ({ session, stored }: LakeView, limit: number): Promise<JsonRow[]> => {
  const table = alertsTable()
  const [time] = Object.entries(table?.columns ?? {}).flatMap(([name, { sql }]) =>
    sql === 'TIMESTAMPTZ' ? [name] : [],
  )
  if (table === undefined || time === undefined) return []
  return session.all(`SELECT * FROM ${stored(table)} ORDER BY "${time}" DESC LIMIT ${Math.trunc(limit)}`)
}
