import type { Domain } from '../domain.js'
import { tradersBronze } from './bronze/stage.js'
import { tradersGold } from './gold/stage.js'
import { tradersSilver } from './silver/stage.js'
import { smartTradersInput } from './smart_traders_input.js'

/** Which wallets trade well: BirdEye's view of the market in, a watched set of wallets out. */
export const traders: Domain = {
  name: 'traders',
  stages: [tradersBronze, tradersSilver, tradersGold],
  pipeline: { workflowType: 'smartTraders', workflowIdPrefix: 'traders/smart-traders', input: smartTradersInput },
}
