import { holds } from '../check.js'
import { bigint, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** A lease on a snapshot: while it lasts, maintenance does not expire the snapshot. One that is over is removed by the next run. */
export const pins = defineTable('meta.pins', {
  dataset: { purpose: 'audit', subject: 'snapshot', grain: 'pin' },
  grain: 'One row per lease on a snapshot.',
  columns: {
    id: text,
    snapshot_id: bigint,
    /** Who asked for it: a workflow's id, or a person. */
    holder: text,
    reason: text,
    created_at: timestamp,
    expires_at: timestamp,
  },
  key: ['id'],
  checks: {
    'ends after it begins': holds('expires_at > created_at'),
    'says who holds it and why': holds("holder <> '' AND reason <> ''"),
    'names a snapshot': holds('snapshot_id >= 0'),
  },
  example: {
    id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    snapshot_id: 18n,
    holder: 'lake/replay/2026-11-21T06:00:00.000Z',
    reason: 'replay of traders/smart-traders/2026-11-20T06:00:00.000Z',
    created_at: new Date('2026-11-21T06:00:41Z'),
    expires_at: new Date('2026-11-22T06:00:41Z'),
  },
})
