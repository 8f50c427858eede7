import { defineStage } from '../../table.js'
import { lineItems } from './line_items.js'
import { loadStates } from './load_states.js'

export const billingBronze = defineStage('billing_bronze', [lineItems, loadStates])
