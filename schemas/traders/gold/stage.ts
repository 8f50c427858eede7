import { defineStage } from '../../table.js'
import { smartWallets } from './smart_wallets.js'
import { traderAlerts } from './trader_alerts.js'
import { walletVerdicts } from './wallet_verdicts.js'
import { webhookSubscription } from './webhook_subscription.js'

/** In the order of derivation; the last two are filled by steps of their own. */
export const tradersGold = defineStage('traders_gold', [
  walletVerdicts,
  smartWallets,
  webhookSubscription,
  traderAlerts,
])
