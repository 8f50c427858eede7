import type { Domain, Published } from '../domain.js'
import { tradersBronze } from './bronze/stage.js'
import { tradersGold } from './gold/stage.js'
import { webhookSubscription } from './gold/webhook_subscription.js'
import { publications } from './published/publications.js'
import { tradersPublished } from './published/stage.js'
import { tradersSilver } from './silver/stage.js'
import { smartTradersInput } from './smart_traders_input.js'

/** Which wallets trade well: BirdEye's view of the market in, a watched set of wallets out. */
export const traders: Domain & { readonly published: Published } = {
  name: 'traders',
  stages: [tradersBronze, tradersSilver, tradersGold, tradersPublished],
  pipeline: {
    workflowType: 'smartTraders',
    workflowIdPrefix: 'traders/smart-traders',
    input: smartTradersInput,
    closingStep: 'derive_gold',
  },
  published: {
    stage: tradersPublished,
    publications,
    // The subscription follows a publication, so it is no part of one.
    tables: [...tradersSilver.tables, ...tradersGold.tables.filter((table) => table.name !== webhookSubscription.name)],
  },
}
