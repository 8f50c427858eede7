import { defineStage } from '../../table.js'
import { anomalies } from './anomalies.js'
import { commitmentCoverage } from './commitment_coverage.js'
import { commitments } from './commitments.js'
import { dailyCosts } from './daily_costs.js'
import { monthChanges } from './month_changes.js'
import { monthlyCosts } from './monthly_costs.js'
import { reconciliations } from './reconciliations.js'
import { restatements } from './restatements.js'
import { tagCosts } from './tag_costs.js'

/** In the order of derivation. */
export const billingGold = defineStage('billing_gold', [
  monthlyCosts,
  dailyCosts,
  tagCosts,
  monthChanges,
  anomalies,
  commitments,
  commitmentCoverage,
  restatements,
  reconciliations,
])
