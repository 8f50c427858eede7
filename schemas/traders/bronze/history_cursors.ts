import { holds } from '../../check.js'
import { bigint, boolean, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/**
 * Which block times of a wallet have been read. Both ends of a range are whole seconds that were read entirely. A run reads newest
 * first; one that stops before it meets what an earlier run read leaves a gap between `covered_to` and `unfinished_before`,
 * and the range from `unfinished_before` to `read_to` is read already. Swaps younger than `covered_to` may be in bronze too:
 * the last minutes before a run are read again by the next one, because a source may learn of them late.
 */
export const historyCursors = defineTable('traders_bronze.history_cursors', {
  dataset: { purpose: 'cursor', subject: 'history', grain: 'wallet' },
  grain: 'One row per wallet, replaced at each fetch.',
  source: ['BirdEye /trader/txs/seek_by_time'],
  columns: {
    wallet_address: text,
    /** The run that read last. */
    as_of: timestamp,
    covered_from: nullable(timestamp),
    covered_to: nullable(timestamp),
    unfinished_before: nullable(timestamp),
    read_to: nullable(timestamp),
    /** Nothing between the wanted start and the run is left to read, or the limit of transactions is reached. */
    is_complete: boolean,
    /** Swaps in the ranges read. */
    transaction_count: bigint,
  },
  key: ['wallet_address'],
  sortedBy: ['wallet_address'],
  checks: {
    'a range has both ends in order': holds(
      '(covered_from IS NULL) = (covered_to IS NULL) AND coalesce(covered_from <= covered_to, true)',
    ),
    'a gap lies between two ranges': holds(
      '(unfinished_before IS NULL) = (read_to IS NULL) AND coalesce(covered_to < unfinished_before AND unfinished_before <= read_to, unfinished_before IS NULL)',
    ),
    'a complete history has no gap': holds('NOT (is_complete AND unfinished_before IS NOT NULL)'),
    'counts are not negative': holds('transaction_count >= 0'),
  },
  example: {
    wallet_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    as_of: new Date('2026-11-21T06:00:00Z'),
    covered_from: new Date('2026-08-23T06:00:00Z'),
    covered_to: new Date('2026-11-21T05:55:00Z'),
    unfinished_before: null,
    read_to: null,
    is_complete: true,
    transaction_count: 1_234n,
  },
})
