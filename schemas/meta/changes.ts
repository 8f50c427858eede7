import { holds } from '../check.js'
import { nullable, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** What can happen to a table beside commits of rows. */
export const changeTypes = [
  'create',
  'schema',
  'partition',
  'sort',
  'view',
  'version',
  'restore',
  'maintenance',
] as const
export type ChangeType = (typeof changeTypes)[number]

/** What was done to the tables themselves: a row is written in the transaction of the change it describes. */
export const changes = defineTable('meta.changes', {
  dataset: { purpose: 'audit', subject: 'table', grain: 'change' },
  grain: 'One row per change of a table or view.',
  columns: {
    id: text,
    /** The table or view, as `lake_table` of meta.datasets. */
    dataset: text,
    change_type: text,
    description: text,
    /** The build, workflow or person that did it. */
    applied_by: text,
    applied_at: timestamp,
    /** What undoes it, for a person to read first; absent where nothing simple does. */
    rollback_sql: nullable(text),
  },
  key: ['id'],
  checks: {
    'type is a known one': holds(`change_type IN (${changeTypes.map((type) => `'${type}'`).join(', ')})`),
    'dataset is a table or view': holds("dataset LIKE '%_._%'"),
    'says what was done': holds("description <> ''"),
  },
  example: {
    id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    dataset: 'traders_silver.wallet_pnl',
    change_type: 'schema',
    description: 'column decimals added',
    applied_by: 'tributary/reconcile',
    applied_at: new Date('2026-11-21T06:00:41Z'),
    rollback_sql: 'ALTER TABLE lake."traders_silver"."wallet_pnl" DROP COLUMN "decimals"',
  },
})
