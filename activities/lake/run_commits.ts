import { z } from 'zod'
import { InvalidInput } from '../../infra/errors.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { madeSnapshotId } from '../../schemas/meta/commits.js'

/** One commit of a run, as its receipt tells it. */
export interface RunCommit {
  readonly key: string
  readonly stage: string
  readonly step: string
  readonly snapshotId: number
  readonly inputs: Readonly<Record<string, number>>
  readonly parameters: Readonly<Record<string, string | number>>
  /** Of the SQL that derived the rows; absent where they came from a source. */
  readonly derivationFingerprint: string | undefined
  readonly codeVersion: string
  /** Key of the rollback that took it back. */
  readonly undoneBy: string | undefined
}

export interface Run {
  readonly pipeline: string
  readonly logicalRun: string
  /** In the order of their snapshots. */
  readonly commits: readonly RunCommit[]
}

const numbers = z.record(z.string(), z.number())
const parameters = z.record(z.string(), z.union([z.string(), z.number()]))

/**
 * The run that `given` names: its workflow id, its pipeline and logical time (`traders/2026-11-21T06:00:00.000Z`), or the time
 * alone. Throws InvalidInput where there is none, or one of several pipelines.
 */
export const findRun = async (session: Session, given: string): Promise<Run> => {
  const [, named, text = given] = /^([a-z_]+)\/(.+)$/.exec(given) ?? []
  const rows = await session.all(
    `
    SELECT ${madeSnapshotId} AS snapshot, undone_by, pipeline, logical_run, commit_key, stage, step, inputs, parameters, derivation_fingerprint, code_version
    FROM lake.meta.commits
    WHERE pipeline <> 'lake' AND (workflow_id = $given OR logical_run IN ($text, $moment) AND pipeline = coalesce($named, pipeline))
    ORDER BY snapshot`,
    { given, text, moment: isoTime(text) ?? text, named: named ?? null },
  )
  const pipelines = [...new Set(rows.map((row) => String(row['pipeline'])))]
  const [pipeline] = pipelines
  const [first] = rows
  if (pipeline === undefined || first === undefined) throw new InvalidInput(await unknown(session, given))
  if (pipelines.length > 1)
    throw new InvalidInput(`run is "${given}": ${pipelines.join(' and ')} had one; write ${pipeline}/${given}`)
  return { pipeline, logicalRun: String(first['logical_run']), commits: rows.map(toCommit) }
}

const isoTime = (text: string): string | undefined => {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

const toCommit = (row: JsonRow): RunCommit => ({
  key: String(row['commit_key']),
  stage: String(row['stage']),
  step: String(row['step']),
  snapshotId: Number(row['snapshot']),
  inputs: numbers.parse(JSON.parse(String(row['inputs']))),
  parameters: parameters.parse(JSON.parse(String(row['parameters']))),
  derivationFingerprint: row['derivation_fingerprint'] === null ? undefined : String(row['derivation_fingerprint']),
  codeVersion: String(row['code_version']),
  undoneBy: row['undone_by'] === null ? undefined : String(row['undone_by']),
})

const unknown = async (session: Session, given: string): Promise<string> => {
  const newest = await session.all(`
    SELECT pipeline || '/' || logical_run AS run FROM lake.meta.commits WHERE pipeline <> 'lake'
    GROUP BY run ORDER BY max(${madeSnapshotId}) DESC LIMIT 3`)
  const there =
    newest.length === 0 ? 'there is none yet' : `the newest are ${newest.map(({ run }) => String(run)).join(', ')}`
  return `run is "${given}": no such run committed anything; ${there}`
}
