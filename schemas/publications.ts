import { holds } from './check.js'
import { bigint, text, timestamp } from './column.js'
import { defineTable } from './table.js'

/**
 * The record of what a domain has shown its readers. The newest row is what the views of its schema show: each is its table as it
 * was at `snapshot_id`.
 */
export const definePublications = (domain: string) =>
  defineTable(`${domain}_published.publications`, {
    dataset: { purpose: 'publication', subject: 'run', grain: 'publication' },
    grain: 'One row per run that was made visible to readers, in that order.',
    source: ['publish'],
    columns: {
      publication_number: bigint,
      logical_run: text,
      snapshot_id: bigint,
      published_at: timestamp,
    },
    key: ['publication_number'],
    checks: {
      'numbers count from 1': holds('publication_number >= 1'),
      'a run has a snapshot': holds('snapshot_id > 0'),
      'a run has a logical time': holds("logical_run LIKE '____-__-__T%Z'"),
    },
    example: {
      publication_number: 1n,
      logical_run: '2026-11-21T06:00:00.000Z',
      snapshot_id: 42n,
      published_at: new Date('2026-11-21T06:01:12Z'),
    },
  })
