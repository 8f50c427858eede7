import { quotedLiteral } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { storedColumnsAt } from '../../infra/lake/table_version.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import type { Stage } from '../../schemas/table.js'

/** A commit whose effect a rollback takes away or brings back. */
export interface MarkedCommit {
  readonly snapshotId: number
  readonly step: string
  readonly logicalRun: string
}

export interface Marks {
  /** In force until now, and made after the target. */
  readonly undone: readonly MarkedCommit[]
  /** In force at the target, and undone by a rollback since. */
  readonly redone: readonly MarkedCommit[]
}

const relation = '"marked commits"'
const made = (alias: string) => madeSnapshotId.replace(/\w+_id/g, (column) => `${alias}.${column}`)

/**
 * Finds what a rollback of these stages to a snapshot means for their receipts: those made since lose their force, and those before
 * have it exactly where they had it then. Kept in a temporary table for `applyMarks`.
 */
export const findMarks = async (session: Session, stages: readonly Stage[], to: number, by: string): Promise<Marks> => {
  const names = stages.map(({ name }) => quotedLiteral(name)).join(', ')
  const columns = (await storedColumnsAt(session, to)).get('meta.commits')
  const then =
    columns === undefined
      ? 'SELECT NULL AS commit_key, NULL AS made, NULL AS undone_by WHERE false'
      : `SELECT commit_key, ${columns.has('undone_by') ? `${madeSnapshotId} AS made, undone_by` : 'snapshot_id AS made, NULL AS undone_by'}
         FROM lake.meta.commits AT (VERSION => ${to})`
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${relation} AS
    SELECT c.commit_key, ${made('c')} AS made, c.step, c.logical_run, c.undone_by AS was,
      CASE WHEN ${made('c')} > ${to} THEN coalesce(c.undone_by, $by) ELSE t.undone_by END AS undone_by
    FROM lake.meta.commits AS c LEFT JOIN (${then}) AS t ON t.commit_key = c.commit_key AND t.made = ${made('c')}
    WHERE c.stage IN (${names}) AND c.commit_key <> $by`,
    { by },
  )
  await session.run(`DELETE FROM ${relation} WHERE was IS NOT DISTINCT FROM undone_by`)
  const rows = await session.all(
    `SELECT made, step, logical_run, was IS NULL AS undone FROM ${relation} WHERE (was IS NULL) <> (undone_by IS NULL) ORDER BY made`,
  )
  const marked = (undone: boolean) => rows.filter((row) => row['undone'] === undone).map(toMarkedCommit)
  return { undone: marked(true), redone: marked(false) }
}

const toMarkedCommit = (row: JsonRow): MarkedCommit => ({
  snapshotId: Number(row['made']),
  step: String(row['step']),
  logicalRun: String(row['logical_run']),
})

/** Writes what `findMarks` found in the same session, in the caller's transaction. Each receipt keeps the snapshot it was made at. */
export const applyMarks = async (session: Session): Promise<void> => {
  await session.run(`
    UPDATE lake.meta.commits AS c SET committed_snapshot_id = m.made, undone_by = m.undone_by
    FROM ${relation} AS m WHERE m.commit_key = c.commit_key AND m.made = ${made('c')}`)
}
