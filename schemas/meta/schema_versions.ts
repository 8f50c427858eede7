import { holds } from '../check.js'
import { integer, text, timestamp } from '../column.js'
import { defineTable } from '../table.js'

/** How each table and view was stored, from its creation through every change, written in the transaction of the change. */
export const schemaVersions = defineTable('meta.schema_versions', {
  dataset: { purpose: 'shape', subject: 'table', grain: 'version' },
  grain: 'One row per shape that a table or view has had.',
  columns: {
    version_id: text,
    /** The table or view, as `lake_table` of meta.datasets. */
    dataset: text,
    major_version: integer,
    /** Counts the shapes within a major version, from 0. */
    minor_version: integer,
    /** Of `shape`; equal for equal definitions in any process. */
    schema_hash: text,
    /** JSON: of a table its columns, key, partitioning and sort order; of a view its SQL. */
    shape: text,
    /** JSON: columns that this version renamed, the new name with the old one. */
    column_mappings: text,
    created_at: timestamp,
  },
  key: ['version_id'],
  checks: {
    'versions count from 1.0': holds('major_version >= 1 AND minor_version >= 0'),
    'shape is a JSON object': holds("shape LIKE '{%}'"),
    'column mappings are a JSON object': holds("column_mappings LIKE '{%}'"),
  },
  example: {
    version_id: '0b9c1a52-64f1-4f0b-9d55-5d0f3bb3c9a1',
    dataset: 'traders_silver.wallet_pnl',
    major_version: 1,
    minor_version: 1,
    schema_hash: '9f86d081884c7d65',
    shape:
      '{"columns":{"wallet_address":{"type":"VARCHAR","nullable":false}},"key":["wallet_address"],"partitioned_by":[],"sorted_by":[]}',
    column_mappings: '{}',
    created_at: new Date('2026-11-21T06:00:41Z'),
  },
})
