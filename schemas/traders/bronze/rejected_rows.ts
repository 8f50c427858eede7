import { holds } from '../../check.js'
import { text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/** What a source sent and a bronze table's schema refused, kept as it came so that nothing is lost silently. */
export const rejectedRows = defineTable('traders_bronze.rejected_rows', {
  dataset: { purpose: 'rejection', subject: 'source', grain: 'item' },
  grain: 'One row per refused item, endpoint, subject and run.',
  source: [
    'BirdEye /defi/v3/token/list',
    'BirdEye /defi/v3/token/holder',
    'BirdEye /defi/v2/tokens/top_traders',
    'BirdEye /trader/txs/seek_by_time',
    'Helius deliveries',
    'Helius /v0/transactions',
  ],
  columns: {
    as_of: timestamp,
    endpoint: text,
    /** The wallet or token that was asked about; empty where the question names none. */
    subject_address: text,
    /** SHA-256 of `raw_json`, in hexadecimal: an item refused again on a re-read page is the same row. */
    content_hash: text,
    reason: text,
    raw_json: text,
  },
  key: ['as_of', 'endpoint', 'subject_address', 'content_hash'],
  sortedBy: ['as_of', 'endpoint'],
  checks: {
    'a refusal says why': holds("reason <> ''"),
    'the raw item is JSON': holds('json_valid(raw_json)'),
    'a hash is SHA-256': holds("regexp_full_match(content_hash, '[0-9a-f]{64}')"),
  },
  example: {
    as_of: new Date('2026-11-21T06:00:00Z'),
    endpoint: '/trader/txs/seek_by_time',
    subject_address: '7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5',
    content_hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    reason: 'tx_hash: expected string, received undefined',
    raw_json: '{}',
  },
})
