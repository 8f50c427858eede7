import { defineStage } from '../../table.js'
import { lotMatches } from './lot_matches.js'
import { openLots } from './open_lots.js'
import { trades } from './trades.js'
import { walletPnl } from './wallet_pnl.js'

/** In the order of derivation. */
export const tradersSilver = defineStage('traders_silver', [trades, lotMatches, openLots, walletPnl])
