import { billing } from '../../schemas/billing/index.js'
import { type PublishRequest, publish } from '../publish.js'
import type { BillingDependencies } from './dependencies.js'
import { type DeriveRequest, deriveGold, deriveSilver } from './derive_layers.js'
import { type LoadRequest, loadDeliveries } from './load_deliveries.js'
import { showMonths } from './month_views.js'
import { type PlanLoadsRequest, planLoads } from './plan_loads.js'

/** Everything the billing workflows can have done. Each commits at most once, whatever is retried. */
export const createBillingActivities = (dependencies: BillingDependencies) => {
  const { lake, codeVersion } = dependencies
  return {
    planLoads: (request: PlanLoadsRequest) => planLoads(dependencies, request),
    loadDeliveries: (request: LoadRequest) => loadDeliveries(dependencies, request),
    deriveSilver: (request: DeriveRequest) => deriveSilver(lake, codeVersion, request),
    deriveGold: (request: DeriveRequest) => deriveGold(lake, codeVersion, request),
    publish: (request: PublishRequest) => publish(lake, codeVersion, billing, request, undefined, showMonths),
  }
}

export type BillingActivities = ReturnType<typeof createBillingActivities>
