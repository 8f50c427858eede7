import { holds } from '../check.js'
import { bigint, integer, nullable, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** The snapshot a commit made. A row is written with it, and is written again where a rollback marks it. */
export const madeSnapshotId = 'coalesce(committed_snapshot_id, snapshot_id)'

/** The receipts. A row is written in the transaction it describes, so its presence is the proof that the commit took place. */
export const commits = defineTable('meta.commits', {
  dataset: { purpose: 'receipt', subject: 'step', grain: 'commit' },
  grain: 'One row per commit, under its logical key, which a commit that was undone may share with the one made again.',
  columns: {
    commit_key: text,
    stage: text,
    step: text,
    message: text,
    pipeline: text,
    logical_run: text,
    workflow_id: nullable(text),
    run_id: nullable(text),
    attempt: integer,
    code_version: text,
    /** JSON: the snapshot each input was read at. */
    inputs: text,
    /** JSON: the values a derivation was given, `as_of` among them. */
    parameters: text,
    /** Of the SQL that derived the rows; absent where they came from a source. */
    derivation_fingerprint: nullable(text),
    /** JSON: what was written of each table, with its source's range and its checks; `meta.lineage` and `meta.quality` read it. */
    datasets: nullable(text),
    /** What commits of the first release have instead: JSON of rows written, and of a hash of them, per table. */
    row_counts: nullable(text),
    content_hashes: nullable(text),
    committed_at: timestamp,
    /** Key of the rollback that took the commit back: it is in force where there is none. */
    undone_by: nullable(text),
    /** The snapshot the commit made, where a rollback has written the row since. */
    committed_snapshot_id: nullable(bigint),
  },
  key: ['commit_key', 'undone_by'],
  checks: {
    'attempt counts from 1': holds('attempt >= 1'),
    'datasets are a JSON array': holds("coalesce(datasets LIKE '[%]', row_counts LIKE '{%}')"),
    'inputs are a JSON object': holds("inputs LIKE '{%}'"),
  },
  example: {
    commit_key: 'traders/2026-11-21T06:00:00.000Z/fetch_history/003/9f86d081884c7d65',
    stage: 'traders_bronze',
    step: 'fetch_history',
    message: 'swaps of 25 wallets',
    pipeline: 'traders',
    logical_run: '2026-11-21T06:00:00.000Z',
    workflow_id: 'traders/smart-traders/2026-11-21T06:00:00.000Z',
    run_id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    attempt: 1,
    code_version: '0.1.0+3f1c2aa',
    inputs: '{}',
    parameters: '{"as_of":"2026-11-21T06:00:00.000Z"}',
    derivation_fingerprint: null,
    datasets:
      '[{"dataset":"traders_bronze.transaction_history","row_count":4211,"checked_row_count":4211,"checksum":"11529215046068469760","nulls":[],"checks":[]}]',
    row_counts: null,
    content_hashes: null,
    committed_at: new Date('2026-11-21T06:00:41Z'),
    undone_by: null,
    committed_snapshot_id: null,
  },
})
