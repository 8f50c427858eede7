import { defineStage } from '../../table.js'
import { publications } from './publications.js'

/** What readers see: views of the domain’s tables at the published snapshot, replaced together, and the record of it. */
export const billingPublished = defineStage('billing_published', [publications])
