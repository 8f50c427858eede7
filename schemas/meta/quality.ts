import { bigint, boolean, nullable, text, timestamp } from '../column.js'
import { defineView } from '../view.js'
import { madeSnapshotId } from './commits.js'
import { datasetRecordsShape, recordsOfCommit } from './dataset_record.js'

/** A column that has this much more of NULLs than in all earlier commits together has probably changed at its source. */
const anomalousNullShare = 0.1

/** Read from the receipts and the refusals, so that a commit writes its verdicts with its receipt. */
export const quality = defineView('meta.quality', {
  grain: 'One row per check of a table in a commit, or in an attempt that a blocking check refused.',
  columns: {
    id: text,
    commit_key: text,
    dataset: text,
    partition: nullable(text),
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
    /** Columns with far more NULLs than in the table's earlier commits. */
    null_anomalies: nullable(text),
    created_at: timestamp,
  },
  select: `
    WITH recorded AS (
      SELECT commit_key || '/' || ${madeSnapshotId} AS attempt, commit_key, committed_at AS created_at, unnest(from_json(${recordsOfCommit}, '${datasetRecordsShape}')) AS record
      FROM lake.meta.commits
      UNION ALL
      SELECT id, commit_key, created_at, unnest(from_json(datasets, '${datasetRecordsShape}'))
      FROM lake.meta.refusals
    ),
    counted AS (
      SELECT
        attempt, commit_key, created_at, record.*,
        sum(record.checked_row_count) OVER (
          PARTITION BY record.dataset ORDER BY created_at, attempt ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS earlier_rows
      FROM recorded
    ),
    null_counts AS (
      SELECT attempt, dataset, created_at, checked_row_count, earlier_rows, unnest(nulls) AS counted
      FROM counted
    ),
    compared AS (
      SELECT
        attempt, dataset, checked_row_count, earlier_rows, counted.*,
        coalesce(sum(counted.null_count) OVER (
          PARTITION BY dataset, counted.column_name ORDER BY created_at, attempt ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS earlier_nulls
      FROM null_counts
    ),
    anomalies AS (
      SELECT attempt, dataset, string_agg(column_name, ', ' ORDER BY column_name) AS null_anomalies
      FROM compared
      WHERE null_count / checked_row_count > earlier_nulls / earlier_rows + ${anomalousNullShare}
      GROUP BY attempt, dataset
    ),
    verdicts AS (
      SELECT * EXCLUDE (nulls, checks), unnest(checks) AS verdict
      FROM counted
    )
    SELECT
      md5(attempt || '/' || dataset || '/' || verdict.check_name) AS id,
      commit_key,
      dataset,
      partition,
      verdict.check_name AS check_name,
      verdict.check_type AS check_type,
      verdict.severity AS severity,
      verdict.offending_count = 0 AS passed,
      verdict.offending_count AS offending_count,
      checked_row_count AS row_count,
      verdict.details AS details,
      null_anomalies,
      created_at
    FROM verdicts LEFT JOIN anomalies USING (attempt, dataset)`,
})
