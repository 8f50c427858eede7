import { defineStage } from '../../table.js'
import { monthlyCosts } from './monthly_costs.js'
import { reconciliations } from './reconciliations.js'

/** In the order of derivation. */
export const billingGold = defineStage('billing_gold', [monthlyCosts, reconciliations])
