import type { Row } from '../../schemas/table.js'
import type { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'
import type { WatchResult } from './helius_webhook.js'

/** What a run told Helius and what came of it, as its row. */
export const toWebhookRow = (asOf: Date, top: number, result: WatchResult): Row<typeof webhookSubscription> => ({
  as_of: asOf,
  status: result.status,
  action: result.action,
  message: result.message,
  webhook_id: result.webhookId,
  webhook_url: result.webhookUrl,
  top,
  sent_addresses: JSON.stringify(result.sent),
  confirmed_addresses: result.confirmed === null ? null : JSON.stringify(result.confirmed),
  is_active: result.isActive,
})
