import type { Receipt } from '../../activities/receipt.js'
import type { TradersActivities } from '../../activities/traders/index.js'

let snapshots = 0
/** A receipt of nothing, with a snapshot of its own. */
export const receipt = (rows: Record<string, number> = {}): Receipt => {
  snapshots += 1
  return {
    key: `test/${snapshots}`,
    stage: 'test',
    step: 'test',
    snapshotId: snapshots,
    rows,
    contentHashes: {},
    inputs: {},
    parameters: {},
    committedAt: '2026-11-21T06:00:00.000Z',
  }
}

/** Activities of `smartTraders` that only count: 25 tokens, 200 wallets in 4 batches, and nothing goes wrong. */
export const calm: TradersActivities = {
  selectTokens: async () => ({ receipt: receipt(), computeUnits: 100, tokens: 25 }),
  fetchWhales: async () => ({ receipt: receipt(), computeUnits: 500 }),
  planHistories: async () => ({ wallets: 200, batches: 4 }),
  fetchHistories: async () => ({ receipt: receipt({ 'traders_bronze.transaction_history': 10 }), computeUnits: 50 }),
  deriveSilver: async () => ({ receipt: receipt() }),
  deriveGold: async () => ({ receipt: receipt() }),
  publish: async () => ({ receipt: receipt(), note: 'published' }),
  planWebhook: async () => ({ plan: 'Helius would watch 10 wallets' }),
  syncWebhook: async () => ({ receipt: receipt(), note: 'confirmed: test' }),
  deriveTrades: async () => ({ note: 'nothing new' }),
  checkWebhook: async () => ({ note: 'not due' }),
  raiseAlerts: async () => ({ note: 'nothing to tell' }),
  deliverAlerts: async () => ({ note: '0 tried' }),
}
