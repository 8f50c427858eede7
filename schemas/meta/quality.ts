import { holds } from '../check.js'
import { bigint, boolean, nullable, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** Verdicts of a commit are written with its rows; those of a refused one, after its rollback, in a transaction of their own. */
export const quality = defineTable('meta.quality', {
  dataset: { purpose: 'verdict', subject: 'table', grain: 'check' },
  grain: 'One row per check of a table in a commit, or in an attempt that a blocking check refused.',
  columns: {
    id: text,
    commit_key: text,
    dataset: text,
    check_name: text,
    check_type: text,
    severity: text,
    passed: boolean,
    /** Rows that broke the check. */
    offending_count: bigint,
    /** Rows the check looked at. */
    row_count: bigint,
    /** JSON: the first offending rows. */
    details: nullable(text),
    created_at: timestamp,
  },
  key: ['id'],
  checks: {
    'severity is blocking or warning': holds("severity IN ('blocking', 'warning')"),
    'type is validity, consistency or completeness': holds("check_type IN ('validity', 'consistency', 'completeness')"),
    'passed means none offended': holds('passed = (offending_count = 0)'),
  },
  example: {
    id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    commit_key: 'traders/2026-11-21T06:00:00.000Z/fetch_history/003/9f86d081884c7d65',
    dataset: 'traders_bronze.transaction_history',
    check_name: 'prices are not negative',
    check_type: 'validity',
    severity: 'blocking',
    passed: true,
    offending_count: 0n,
    row_count: 4_211n,
    details: null,
    created_at: new Date('2026-11-21T06:00:41Z'),
  },
})
