import { traders } from '../../schemas/traders/index.js'
import { type PublishRequest, publish } from '../publish.js'
import { type CheckRequest, checkWebhook } from './check_webhook.js'
import { type DeliveriesRequest, deliverAlerts } from './deliver_alerts.js'
import type { TradersDependencies } from './dependencies.js'
import { deriveGold, deriveSilver, type GoldRequest, type SilverRequest } from './derive_layers.js'
import { deriveTrades, type TradesRequest } from './derive_trades.js'
import { type FetchHistoriesRequest, fetchHistories } from './fetch_histories.js'
import { type FetchWhalesRequest, fetchWhales } from './fetch_whales.js'
import { type HistoriesRequest, planHistories } from './plan_histories.js'
import { planWebhook } from './plan_webhook.js'
import { type AlertsRequest, raiseAlerts } from './raise_alerts.js'
import { type SelectTokensRequest, selectTokens } from './select_tokens.js'
import { type SyncWebhookRequest, syncWebhook } from './sync_webhook.js'

/** Everything the traders' workflows can have done. Each commits at most once, whatever is retried. */
export const createTradersActivities = (dependencies: TradersDependencies) => {
  const { lake, codeVersion } = dependencies
  return {
    selectTokens: (request: SelectTokensRequest) => selectTokens(dependencies, request),
    fetchWhales: (request: FetchWhalesRequest) => fetchWhales(dependencies, request),
    planHistories: (request: HistoriesRequest) => planHistories(lake, request),
    fetchHistories: (request: FetchHistoriesRequest) => fetchHistories(dependencies, request),
    deriveSilver: (request: SilverRequest) => deriveSilver(lake, codeVersion, request),
    deriveGold: (request: GoldRequest) => deriveGold(lake, codeVersion, request),
    publish: (request: PublishRequest) => publish(lake, codeVersion, traders, request),
    planWebhook: (request: SyncWebhookRequest) => planWebhook(dependencies, request),
    syncWebhook: (request: SyncWebhookRequest) => syncWebhook(dependencies, request),
    deriveTrades: (request: TradesRequest) => deriveTrades(lake, codeVersion, request),
    checkWebhook: (request: CheckRequest) => checkWebhook(dependencies, request),
    raiseAlerts: (request: AlertsRequest) => raiseAlerts(dependencies, request),
    deliverAlerts: (request: DeliveriesRequest) => deliverAlerts(dependencies, request),
  }
}

export type TradersActivities = ReturnType<typeof createTradersActivities>
