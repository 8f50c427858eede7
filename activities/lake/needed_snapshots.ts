import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { commits, madeSnapshotId } from '../../schemas/meta/commits.js'
import { pins } from '../../schemas/meta/pins.js'

/** Which runs stay reproducible: the newest of each pipeline, and all that are younger. */
export interface KeptRuns {
  readonly keepRunsForDays: number
  readonly keepNewestRuns: number
}

/**
 * The snapshots that must stay whatever their age: those that are pinned, those that published views show, those that the kept runs wrote and read, those that the
 * newest commit of each step wrote and read (the next one derives from what changed since), and the newest of all.
 */
export const neededSnapshots = async (
  session: Session,
  { keepRunsForDays, keepNewestRuns }: KeptRuns,
): Promise<Set<number>> => {
  const rows = await session.all(
    `
    WITH receipt AS (
      SELECT made AS snapshot_id, pipeline, logical_run, committed_at,
        map_values(CAST(inputs::JSON AS MAP(VARCHAR, BIGINT))) AS inputs,
        -- Of those in force: what a rollback took back is no base of anything.
        undone_by IS NULL AND row_number() OVER (PARTITION BY stage, step, undone_by IS NULL ORDER BY made DESC) = 1 AS is_newest
      FROM (SELECT *, ${madeSnapshotId} AS made FROM ${inLake(commits.name)})
    ), run AS (
      SELECT pipeline, logical_run, max(committed_at) AS ended_at FROM receipt GROUP BY ALL
    ), kept AS (
      SELECT pipeline, logical_run FROM run
      QUALIFY row_number() OVER (PARTITION BY pipeline ORDER BY ended_at DESC) <= $runs
        OR ended_at >= now() - to_seconds($days * 86400)
    ), needed AS (
      SELECT snapshot_id, inputs FROM receipt SEMI JOIN kept USING (pipeline, logical_run)
      -- DuckLake's change feed begins at the snapshot after the one that was read, which has to be there as well.
      UNION ALL SELECT snapshot_id, inputs || list_transform(inputs, lambda input: input + 1) FROM receipt WHERE is_newest
    )
    SELECT snapshot_id FROM needed
    UNION SELECT unnest(inputs) FROM needed
    UNION SELECT snapshot_id FROM ${inLake(pins.name)} WHERE expires_at >= now()
    UNION SELECT CAST(regexp_extract(sql, 'AT \\(VERSION => (\\d+)\\)', 1) AS BIGINT) FROM duckdb_views()
      WHERE database_name = 'lake' AND sql LIKE '%AT (VERSION => %'
    UNION SELECT max(snapshot_id) FROM lake.snapshots()`,
    { runs: BigInt(keepNewestRuns), days: keepRunsForDays },
  )
  return new Set(rows.map(({ snapshot_id }) => Number(snapshot_id)))
}
