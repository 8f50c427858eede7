import { defineStage } from '../../table.js'
import { alertDeliveries } from './alert_deliveries.js'
import { announcedTiers } from './announced_tiers.js'
import { trades } from './trades.js'
import { webhookChecks } from './webhook_checks.js'

/** What happens between the runs. Apart from silver and gold, so that a run and what is live do not wait for each other. */
export const tradersLive = defineStage('traders_live', [trades, webhookChecks, announcedTiers, alertDeliveries])
