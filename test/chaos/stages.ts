import { holds } from '../../schemas/check.js'
import { bigint, rawAmount, text, timestamp } from '../../schemas/column.js'
import type { Published } from '../../schemas/domain.js'
import { definePublications } from '../../schemas/publications.js'
import { defineStage, defineTable } from '../../schemas/table.js'

/** Three small layers whose tables say the same thing twice, so that half a step shows in a single query. */
export const events = defineTable('chaos_bronze.events', {
  dataset: { purpose: 'movements', subject: 'account', grain: 'event' },
  grain: 'One row per event.',
  columns: {
    window_start: bigint,
    event_id: bigint,
    account: text,
    amount: rawAmount,
    note: text,
    occurred_at: timestamp,
  },
  key: ['event_id'],
  partitionedBy: ['bucket(2, account)'],
  sortedBy: ['account'],
  checks: { 'amounts are positive': holds('amount > 0') },
  example: {
    window_start: 1n,
    event_id: 1_001n,
    account: 'account 1',
    amount: 12n,
    note: 'a note',
    occurred_at: new Date('2026-11-21T06:00:00Z'),
  },
})

export const windows = defineTable('chaos_bronze.windows', {
  dataset: { purpose: 'movements', subject: 'window', grain: 'hour' },
  grain: 'One row per window: what its events add up to.',
  columns: { window_start: bigint, event_count: bigint, amount_total: rawAmount },
  key: ['window_start'],
  checks: { 'counts are not negative': holds('event_count >= 0') },
  example: { window_start: 1n, event_count: 1n, amount_total: 12n },
})

export const balances = defineTable('chaos_silver.balances', {
  dataset: { purpose: 'balances', subject: 'account', grain: 'account' },
  grain: 'One row per account with events.',
  columns: { account: text, event_count: bigint, amount_total: rawAmount },
  key: ['account'],
  checks: { 'an account has events': holds('event_count > 0') },
  example: { account: 'account 1', event_count: 1n, amount_total: 12n },
  derive: {
    from: { events },
    by: 'account',
    select: (source) => `
      SELECT account, count(*) AS event_count, sum(amount)::DECIMAL(38,0) AS amount_total FROM ${source['events']} GROUP BY account`,
  },
})

export const totals = defineTable('chaos_silver.totals', {
  dataset: { purpose: 'balances', subject: 'book', grain: 'total' },
  grain: 'One row: what all balances add up to.',
  columns: { account_count: bigint, event_count: bigint, amount_total: rawAmount },
  key: ['account_count'],
  checks: { 'counts are not negative': holds('event_count >= 0') },
  example: { account_count: 1n, event_count: 1n, amount_total: 12n },
  derive: {
    from: { balances },
    select: (source) => `
      SELECT count(*) AS account_count, coalesce(sum(event_count), 0)::BIGINT AS event_count,
        coalesce(sum(amount_total), 0)::DECIMAL(38,0) AS amount_total
      FROM ${source['balances']}`,
  },
})

/** How many accounts are leaders. */
export const leaderCount = 3

export const leaders = defineTable('chaos_gold.leaders', {
  dataset: { purpose: 'ranking', subject: 'account', grain: 'place' },
  grain: 'One row per leading account.',
  columns: { place: bigint, account: text, amount_total: rawAmount },
  key: ['place'],
  checks: { 'places count from 1': holds('place >= 1') },
  example: { place: 1n, account: 'account 1', amount_total: 12n },
  derive: {
    from: { balances },
    select: (source) => `
      SELECT row_number() OVER (ORDER BY amount_total DESC, account) AS place, account, amount_total
      FROM ${source['balances']} QUALIFY place <= ${leaderCount}`,
  },
})

export const podium = defineTable('chaos_gold.podium', {
  dataset: { purpose: 'ranking', subject: 'book', grain: 'total' },
  grain: 'One row: what the leaders add up to.',
  columns: { leader_count: bigint, amount_total: rawAmount },
  key: ['leader_count'],
  checks: { 'counts are not negative': holds('leader_count >= 0') },
  example: { leader_count: 1n, amount_total: 12n },
  derive: {
    from: { leaders },
    select: (source) => `
      SELECT count(*) AS leader_count, coalesce(sum(amount_total), 0)::DECIMAL(38,0) AS amount_total FROM ${source['leaders']}`,
  },
})

export const bronze = defineStage('chaos_bronze', [events, windows])
export const silver = defineStage('chaos_silver', [balances, totals])
export const gold = defineStage('chaos_gold', [leaders, podium])
export const chaosStages = [bronze, silver, gold]

const publications = definePublications('chaos')
/** What readers are shown, a publication at a time. */
export const published: Published = {
  stage: defineStage('chaos_published', [publications]),
  publications,
  tables: gold.tables,
}
