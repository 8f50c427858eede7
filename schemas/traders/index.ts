import type { Domain, Pipeline, Published } from '../domain.js'
import { tradersBronze } from './bronze/stage.js'
import { tradersGold } from './gold/stage.js'
import { tradersLive } from './live/stage.js'
import { publications } from './published/publications.js'
import { tradersPublished } from './published/stage.js'
import { tradersSilver } from './silver/stage.js'
import { smartTradersInput } from './smart_traders_input.js'
import { traderActivityInput } from './trader_activity_input.js'

/** Which wallets trade well: BirdEye's view of the market in, a watched set of wallets out. */
export const traders: Domain & { readonly published: Published } = {
  name: 'traders',
  stages: [tradersBronze, tradersSilver, tradersGold, tradersLive, tradersPublished],
  pipeline: {
    workflowType: 'smartTraders',
    workflowIdPrefix: 'traders/smart-traders',
    input: smartTradersInput,
    closingStep: 'derive_gold',
  },
  published: {
    stage: tradersPublished,
    publications,
    // Subscription and alerts follow a publication, so they are no part of one.
    tables: [...tradersSilver.tables, ...tradersGold.tables].filter(({ derive }) => derive !== undefined),
  },
}

/** What the watched wallets do between the runs. */
export const traderActivity: Pipeline = {
  workflowType: 'traderActivity',
  workflowIdPrefix: 'traders/trader-activity',
  input: traderActivityInput,
}
