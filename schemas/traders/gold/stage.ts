import { defineStage } from '../../table.js'
import { smartWallets } from './smart_wallets.js'
import { walletVerdicts } from './wallet_verdicts.js'
import { webhookSubscription } from './webhook_subscription.js'

/** In the order of derivation. */
export const tradersGold = defineStage('traders_gold', [walletVerdicts, smartWallets, webhookSubscription])
