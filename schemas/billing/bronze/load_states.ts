import { holds } from '../../check.js'
import { bigint, cost, nullable, text, texts, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/** Every attempt to load a delivery, and how it ended. */
export const loadStates = defineTable('billing_bronze.load_states', {
  dataset: { purpose: 'load', subject: 'delivery', grain: 'attempt' },
  grain: 'One row per delivery and run that planned to load it.',
  source: ['the manifests of AWS'],
  columns: {
    /** AWS's name for the delivery: the assembly or execution id, else a hash of the manifest. */
    version_id: text,
    account_id: text,
    export_name: text,
    billing_month: text,
    /** The run, by its logical time. */
    logical_run: text,
    manifest_path: text,
    /** When AWS delivered it: later ones supersede. */
    delivered_at: timestamp,
    /** Of the manifest and the files it names: what is equal in this is the same delivery. */
    content_fingerprint: text,
    status: text,
    load_start_time: timestamp,
    load_end_time: nullable(timestamp),
    record_count: nullable(bigint),
    /** What the manifest says, where it does. */
    manifest_record_count: nullable(bigint),
    /** The sum of the lines as billed. */
    total_cost: nullable(cost),
    currency: nullable(text),
    file_paths: texts,
    /** As the source spells them. */
    source_columns: texts,
    /** Columns of the source that are not known: their values are in `other_columns`. */
    unknown_columns: texts,
    /** Columns that the delivery before this one had, and this one has not. */
    dropped_columns: texts,
    error: nullable(text),
  },
  key: ['account_id', 'export_name', 'billing_month', 'version_id', 'logical_run'],
  sortedBy: ['account_id', 'billing_month', 'delivered_at'],
  checks: {
    'a status is known': holds("status IN ('started', 'completed', 'failed')"),
    'an end has a time': holds("(status = 'started') = (load_end_time IS NULL)"),
    'what failed says why': holds("(status = 'failed') = (error IS NOT NULL)"),
    'as many lines as the manifest says': holds(
      "status <> 'completed' OR manifest_record_count IS NULL OR record_count = manifest_record_count",
    ),
    'a month is a month': holds("regexp_full_match(billing_month, '\\d{4}-(0[1-9]|1[0-2])')"),
  },
  example: {
    version_id: '2fd1b5c0-3b1a-4a52-9d0e-0b6b0c6d4f11',
    account_id: '123456789012',
    export_name: 'daily',
    billing_month: '2026-10',
    logical_run: '2026-11-21T06:00:00.000Z',
    manifest_path: 'daily/20261001-20261101/daily-Manifest.json',
    delivered_at: new Date('2026-11-03T04:12:00Z'),
    content_fingerprint: '9f86d081884c7d65',
    status: 'completed',
    load_start_time: new Date('2026-11-21T06:00:01Z'),
    load_end_time: new Date('2026-11-21T06:00:09Z'),
    record_count: 184_203n,
    manifest_record_count: null,
    total_cost: '18342.190000000000000000',
    currency: 'USD',
    file_paths: ['daily/20261001-20261101/2fd1b5c0/daily-00001.csv.gz'],
    source_columns: ['identity/LineItemId', 'lineItem/UnblendedCost'],
    unknown_columns: [],
    dropped_columns: [],
    error: null,
  },
})
