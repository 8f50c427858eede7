import type { JsonRow } from '../../infra/lake/session.js'
import { quality } from '../../schemas/meta/quality.js'
import { refusals } from '../../schemas/meta/refusals.js'
import type { LakeView } from './lake_view.js'

export interface QualityRequest {
  /** A table's name; all tables where there is none. */
  readonly table?: string | undefined
  /** The name of a check. */
  readonly check?: string | undefined
  readonly limit: number
}

/** A refused attempt has the moment of its refusal: its rows were never written. */
const verdicts = ({ meta, stored }: LakeView): string => `
  SELECT q.*, r.id IS NOT NULL AS refused
  FROM ${meta(quality)} AS q LEFT JOIN ${stored(refusals)} AS r ON r.commit_key = q.commit_key AND r.created_at = q.created_at
  WHERE q.dataset = coalesce($table, q.dataset) AND q.check_name = coalesce($check, q.check_name)`

const columns = `dataset, check_name, check_type, severity, passed, refused, offending_count, row_count, "partition", details, null_anomalies,
  commit_key, created_at`

/** The newest verdict of each check of each table, what did not hold first, with how often it was made and failed. */
export const readLatestQuality = (
  view: LakeView,
  { table, check }: Omit<QualityRequest, 'limit'>,
): Promise<JsonRow[]> =>
  view.session.all(
    `
    WITH verdict AS (${verdicts(view)})
    SELECT ${columns}, count(*) OVER every AS commits, count(*) FILTER (NOT passed) OVER every AS failed_commits
    FROM verdict
    WINDOW every AS (PARTITION BY dataset, check_name)
    QUALIFY row_number() OVER (PARTITION BY dataset, check_name ORDER BY created_at DESC, commit_key DESC) = 1
    ORDER BY passed, severity, dataset, check_name`,
    { table: table ?? null, check: check ?? null },
  )

/** What blocking checks kept out of the lake, newest first. */
export const readRefused = (view: LakeView, { table, limit }: QualityRequest): Promise<JsonRow[]> =>
  view.session.all(
    `WITH verdict AS (${verdicts(view)}) SELECT ${columns} FROM verdict WHERE refused AND NOT passed
    ORDER BY created_at DESC, dataset, check_name LIMIT $limit`,
    { table: table ?? null, check: null, limit: BigInt(limit) },
  )

/** Verdicts through time, newest first. */
export const readQualityHistory = (view: LakeView, { table, check, limit }: QualityRequest): Promise<JsonRow[]> =>
  view.session.all(
    `WITH verdict AS (${verdicts(view)}) SELECT ${columns} FROM verdict ORDER BY created_at DESC, dataset, commit_key LIMIT $limit`,
    { table: table ?? null, check: check ?? null, limit: BigInt(limit) },
  )
