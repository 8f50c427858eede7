import { holds } from '../check.js'
import { integer, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** Every table of the lake under its name as a dataset, as the definitions say it. */
export const datasets = defineTable('meta.datasets', {
  dataset: { purpose: 'catalog', subject: 'table', grain: 'dataset' },
  grain: 'One row per table, replaced versions included.',
  columns: {
    /** `<domain>.<purpose>_<subject>_<grain>_v<major_version>` */
    name: text,
    lake_table: text,
    /** The layer: bronze, silver, gold or meta. */
    tier: text,
    domain: text,
    purpose: text,
    subject: text,
    /** What one row stands for, in a word. */
    grain: text,
    /** What one row is, in a sentence. */
    description: text,
    major_version: integer,
    /** Counts the changes of its stored shape, as meta.schema_versions has them. */
    minor_version: integer,
    created_at: timestamp,
    updated_at: timestamp,
  },
  key: ['name'],
  checks: {
    'name is made of its parts': holds(
      "name = domain || '.' || purpose || '_' || subject || '_' || grain || '_v' || major_version",
    ),
    'versions count from 1.0': holds('major_version >= 1 AND minor_version >= 0'),
    'updates follow the creation': holds('updated_at >= created_at'),
  },
  example: {
    name: 'traders.pnl_wallet_timeframe_v1',
    lake_table: 'traders_silver.wallet_pnl',
    tier: 'silver',
    domain: 'traders',
    purpose: 'pnl',
    subject: 'wallet',
    grain: 'timeframe',
    description: 'One row per wallet, token and timeframe.',
    major_version: 1,
    minor_version: 0,
    created_at: new Date('2026-11-21T06:00:41Z'),
    updated_at: new Date('2026-11-21T06:00:41Z'),
  },
})
