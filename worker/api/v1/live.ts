import { z } from 'zod'
import { traderAlerts } from '../../../schemas/traders/gold/trader_alerts.js'
import { trades } from '../../../schemas/traders/live/trades.js'
import { readAlerts, readLiveTrades } from '../../readings/live.js'
import { digits, jsonRow } from './json_row.js'
import { defineResource, list, paging, type Resource } from './resource.js'

const symbol = { symbol: z.string().nullable() }
const ofTotal = { of_total: digits }

const liveTrades = defineResource({
  path: '/live/trades',
  summary: 'What watched wallets bought and sold, as their transactions tell it, the newest first',
  query: paging,
  answer: list(
    jsonRow(trades.columns, { rank: z.int32().nullable(), tier: z.string().nullable(), ...symbol, ...ofTotal }),
  ),
  read: async (view, { query }) => {
    const items = await readLiveTrades(view, query)
    return { items, total: Number(items[0]?.['of_total'] ?? 0) }
  },
})

const alerts = defineResource({
  path: '/live/alerts',
  summary: 'Every alert, the newest first',
  query: paging,
  answer: list(jsonRow(traderAlerts.columns, { ...symbol, ...ofTotal })),
  read: async (view, { query }) => {
    const items = await readAlerts(view, query)
    return { items, total: Number(items[0]?.['of_total'] ?? 0) }
  },
})

/** What is known between runs. */
export const liveResources: readonly Resource[] = [liveTrades, alerts]
