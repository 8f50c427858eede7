import { defineStage } from '../../table.js'
import { charges } from './charges.js'
import { reconciliations } from './reconciliations.js'

/** In the order of derivation. */
export const billingSilver = defineStage('billing_silver', [charges, reconciliations])
