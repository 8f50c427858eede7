import { holds } from '../../check.js'
import { integer, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/**
 * The outbox: written with the alerts, in one snapshot, so that an alert that is there is one that will be delivered. A row is marked after its
 * receiver has answered; whoever dies between the two delivers again, under the same id.
 */
export const alertDeliveries = defineTable('traders_live.alert_deliveries', {
  dataset: { purpose: 'outbox', subject: 'alert', grain: 'delivery' },
  grain: 'One row per alert and configured receiver.',
  source: ['raise_alerts', 'deliver_alerts'],
  columns: {
    /** The `webhook-id` that every attempt carries: a receiver that has seen it leaves it aside. */
    delivery_id: text,
    alert_id: text,
    /** The host and a fingerprint of the URL, which may hold a secret. */
    receiver: text,
    status: text,
    attempts: integer,
    /** Not before. */
    next_attempt_at: timestamp,
    last_error: nullable(text),
    delivered_at: nullable(timestamp),
  },
  key: ['delivery_id'],
  checks: {
    'a status is known': holds("status IN ('pending', 'delivered', 'given_up')"),
    'what is delivered says when': holds("(status = 'delivered') = (delivered_at IS NOT NULL)"),
    'what is given up says why': holds("status <> 'given_up' OR last_error IS NOT NULL"),
    'the receiver holds no secret': holds("regexp_full_match(receiver, '[^/?@]+#[0-9a-f]{12}')"),
    'what was delivered was tried': holds("attempts >= if(status = 'delivered', 1, 0)"),
  },
  example: {
    delivery_id: 'msg_9f86d081884c7d659a2feaa0c55ad015',
    alert_id: 'trade/5wHu1qwD7q9ifaBpTwFg1gGrYBMRvJXu/7YttLkHDoNj9/DezXAZ8z7Pnr',
    receiver: 'hooks.example.com#9f86d081884c',
    status: 'delivered',
    attempts: 1,
    next_attempt_at: new Date('2026-11-21T06:00:00Z'),
    last_error: null,
    delivered_at: new Date('2026-11-21T06:00:01Z'),
  },
})
