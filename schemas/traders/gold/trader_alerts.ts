import { holds } from '../../check.js'
import { nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/**
 * What a person wants to know at once: a watched wallet bought or sold (`trade`), several of them bought one token within half an hour (`cluster`),
 * a wallet's tier changed from one published run to the next (`tier`). An alert's id says what it is about, so that it is raised once.
 */
export const traderAlerts = defineTable('traders_gold.trader_alerts', {
  dataset: { purpose: 'alert', subject: 'wallet', grain: 'event' },
  grain: 'One row per thing to be told.',
  source: ['raise_alerts'],
  columns: {
    alert_id: text,
    kind: text,
    occurred_at: timestamp,
    /** When we knew. */
    raised_at: timestamp,
    wallet_address: nullable(text),
    token_address: nullable(text),
    signature: nullable(text),
    /** A sentence. */
    message: text,
    /** A JSON object; what it holds depends on the kind. Amounts are texts. */
    details: text,
  },
  key: ['alert_id'],
  sortedBy: ['occurred_at'],
  checks: {
    'a kind is known': holds("kind IN ('trade', 'cluster', 'tier')"),
    'an alert is about somebody': holds(
      "CASE kind WHEN 'trade' THEN wallet_address IS NOT NULL AND token_address IS NOT NULL AND signature IS NOT NULL WHEN 'cluster' THEN token_address IS NOT NULL ELSE wallet_address IS NOT NULL END",
    ),
    'an alert says something': holds("message <> ''"),
    'details are a JSON object': holds("json_type(details) = 'OBJECT'"),
    'an id begins with its kind': holds("starts_with(alert_id, kind || '/')"),
  },
  example: {
    alert_id: 'trade/5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu/7YttLkHDoNj9/DezXAZ8z7Pnr',
    kind: 'trade',
    occurred_at: new Date('2026-11-20T12:00:00Z'),
    raised_at: new Date('2026-11-20T12:00:03Z'),
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    token_address: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    signature: '5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu9Kd9wX7kL3mNpQrStUvWxYzAbCdEfGhJkLmNoPqRsTuVwXyZ12345678',
    message:
      '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5 bought 50,000 of DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263 for 2 SOL',
    details: '{"side":"buy"}',
  },
})
