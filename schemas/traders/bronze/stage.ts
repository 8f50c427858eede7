import { defineStage } from '../../table.js'
import { historyCursors } from './history_cursors.js'
import { rejectedRows } from './rejected_rows.js'
import { tokenMetrics } from './token_metrics.js'
import { transactionHistory } from './transaction_history.js'
import { webhookBalances } from './webhook_balances.js'
import { webhookEvents } from './webhook_events.js'
import { whaleHolders } from './whale_holders.js'

export const tradersBronze = defineStage('traders_bronze', [
  tokenMetrics,
  whaleHolders,
  transactionHistory,
  historyCursors,
  rejectedRows,
  webhookEvents,
  webhookBalances,
])
