import { traders } from '../../schemas/traders/index.js'
import { type PublishRequest, publish } from '../publish.js'
import type { TradersDependencies } from './dependencies.js'
import { deriveGold, deriveSilver, type GoldRequest, type SilverRequest } from './derive_layers.js'
import { type FetchHistoriesRequest, fetchHistories } from './fetch_histories.js'
import { type FetchWhalesRequest, fetchWhales } from './fetch_whales.js'
import { type HistoriesRequest, planHistories } from './plan_histories.js'
import { planWebhook } from './plan_webhook.js'
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
  }
}

export type TradersActivities = ReturnType<typeof createTradersActivities>
