import type { JsonRow } from '../../infra/lake/session.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import { lineage } from '../../schemas/meta/lineage.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import type { LakeView } from './lake_view.js'

/**
 * What the lake holds of runs, the newest first: when each committed, how often, up to which snapshot, and whether it is undone; `of_total`
 * is how many there are. What is committed between them, as deliveries come, is no run.
 */
export const readRuns = (
  { session, receipts, meta }: LakeView,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<JsonRow[]> =>
  session.all(
    `WITH run AS (
      SELECT pipeline, logical_run, max(workflow_id) AS workflow_id, count(*) AS commits, count(DISTINCT step) AS steps,
        min(committed_at) AS first_commit_at, max(committed_at) AS last_commit_at,
        min(${madeSnapshotId}) AS first_snapshot, max(${madeSnapshotId}) AS last_snapshot,
        count(*) FILTER (undone_by IS NOT NULL) AS undone, bool_or(step = 'publish' AND undone_by IS NULL) AS published,
        max(code_version) AS code_version, count(*) OVER () AS of_total
      FROM ${receipts} WHERE pipeline <> '${tradersLive.name}' GROUP BY pipeline, logical_run
      ORDER BY last_snapshot DESC LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}
    ), written AS (
      SELECT c.pipeline, c.logical_run, sum(row_count) AS rows
      FROM ${meta(lineage)} AS l
      JOIN (SELECT *, ${madeSnapshotId} AS made FROM ${receipts} SEMI JOIN run USING (pipeline, logical_run)) AS c ON c.commit_key = l.commit_key AND c.made = l.snapshot_id
      GROUP BY c.pipeline, c.logical_run
    )
    SELECT run.*, coalesce(rows, 0) AS rows FROM run LEFT JOIN written USING (pipeline, logical_run) ORDER BY last_snapshot DESC`,
  )

export interface RunReading {
  /** One row per step, in order: its commits, rows, snapshots, and `seconds` from the end of the step before to its own. */
  readonly steps: readonly JsonRow[]
  /** One row per commit and table, in order. */
  readonly commits: readonly JsonRow[]
}

/** What one run wrote, step by step; both lists are empty where it wrote nothing. */
export const readRun = async (
  { session, receipts, meta }: LakeView,
  pipeline: string,
  logicalRun: string,
): Promise<RunReading> => {
  const given = { pipeline, run: logicalRun }
  const ours = `(SELECT *, ${madeSnapshotId} AS made FROM ${receipts} WHERE pipeline = $pipeline AND logical_run = $run)`
  const tables = await session.all(
    `SELECT c.step, c.stage, c.commit_key, c.made AS snapshot_id, c.committed_at, c.attempt, c.message, c.workflow_id, c.run_id,
      c.code_version, c.undone_by, c.inputs, c.parameters, l.dataset, l.row_count
    FROM ${ours} AS c LEFT JOIN ${meta(lineage)} AS l ON l.commit_key = c.commit_key AND l.snapshot_id = c.made
    ORDER BY c.made, l.dataset`,
    given,
  )
  const steps = await session.all(
    `SELECT *, epoch_ms(ended_at - lag(ended_at) OVER (ORDER BY last_snapshot))::DOUBLE / 1000 AS seconds FROM (
      SELECT step, any_value(stage) AS stage, count(*) AS commits, min(made) AS first_snapshot, max(made) AS last_snapshot,
        min(committed_at) AS began_at, max(committed_at) AS ended_at, max(attempt) AS attempts, bool_and(undone_by IS NOT NULL) AS undone
      FROM ${ours} GROUP BY step
    ) ORDER BY last_snapshot`,
    given,
  )
  return { steps, commits: tables }
}

/** The thresholds that the published run ranked by, by name; the newest of them in force. */
export const readParameters = async ({ session, receipts, moment }: LakeView): Promise<Record<string, unknown>> => {
  const [row] = await session.all(
    `SELECT parameters FROM ${receipts}
    WHERE step = 'derive_gold' AND undone_by IS NULL AND ${madeSnapshotId} <= $at ORDER BY ${madeSnapshotId} DESC LIMIT 1`,
    { at: BigInt(moment.published?.snapshotId ?? -1) },
  )
  const parsed: unknown = row === undefined ? {} : JSON.parse(String(row['parameters']))
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
}
