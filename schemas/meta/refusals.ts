import { holds } from '../check.js'
import { text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** Written after the rollback of a refused attempt, in a transaction of its own; `meta.quality` shows it beside the commits. */
export const refusals = defineTable('meta.refusals', {
  dataset: { purpose: 'refusal', subject: 'step', grain: 'attempt' },
  grain: 'One row per attempt at a commit that a blocking check refused.',
  columns: {
    id: text,
    /** The commit that did not take place, unless a later attempt's rows were accepted. */
    commit_key: text,
    stage: text,
    step: text,
    /** JSON: what the checks said of each table's rows. */
    datasets: text,
    created_at: timestamp,
  },
  key: ['id'],
  checks: {
    'datasets are a JSON array': holds("datasets LIKE '[%]'"),
    'a refusal names its step': holds("step <> '' AND stage <> ''"),
    'a refusal has its commit key': holds("commit_key <> ''"),
  },
  example: {
    id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    commit_key: 'traders/2026-11-21T06:00:00.000Z/fetch_history/003/9f86d081884c7d65',
    stage: 'traders_bronze',
    step: 'fetch_history',
    datasets: '[]',
    created_at: new Date('2026-11-21T06:00:41Z'),
  },
})
