import { createHash } from 'node:crypto'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { LakeDependencies } from './dependencies.js'
import { derivedCommits, type Replay, type ReplayedStep, replay } from './replay.js'
import { findRun, type Run } from './run_commits.js'

export interface ReplayRequest {
  /** A workflow id, a pipeline and logical time (`traders/2026-11-21T06:00:00.000Z`), or the time alone. */
  readonly run: string
  /** Leave the replayed tables in a schema of the lake, for queries. */
  readonly keep: boolean
  /** How many differing rows are told of each table. */
  readonly differences: number
}

export interface ReplayReport {
  readonly pipeline: string
  readonly logicalRun: string
  /** Whether every table came out as the run had made it. */
  readonly equal: boolean
  readonly steps: readonly ReplayedStep[]
  /** Steps that read sources: their rows are taken as recorded. */
  readonly taken: readonly { readonly step: string; readonly snapshotId: number }[]
  /** The build that derived again. */
  readonly codeVersion: string
  /** Where the replayed tables are kept. */
  readonly schema?: string
  readonly note: string
}

/** Derives a run again from its recorded inputs, with today's code, and says what comes out otherwise than it had. */
export const replayRun = (dependencies: LakeDependencies, request: ReplayRequest): Promise<ReplayReport> => {
  const { lake, stages, codeVersion } = dependencies
  return lake.session(async (session) => {
    const run = await findRun(session, request.run)
    const commits = derivedCommits(run)
    const done = await replay(session, stages, commits, request.differences)
    const schema = await keep(session, run, done, request.keep)
    const tables = done.steps.flatMap((step) => step.tables)
    const equal = tables.every(
      ({ contentHash, replayedHash, ...diff }) => contentHash === replayedHash && !differs(diff),
    )
    const different = tables.filter(differs).map(({ table }) => table)
    return {
      pipeline: run.pipeline,
      logicalRun: run.logicalRun,
      equal,
      steps: done.steps,
      taken: run.commits
        .filter(({ derivationFingerprint }) => derivationFingerprint === undefined)
        .map(({ step, snapshotId }) => ({ step, snapshotId })),
      codeVersion,
      ...(schema === undefined ? {} : { schema }),
      note: equal ? `${tables.length} tables are equal` : `${different.join(', ')} came out otherwise`,
    }
  })
}

const differs = ({ added, removed, changed }: { added: number; removed: number; changed: number }): boolean =>
  added + removed + changed > 0

/** One schema a run, so that a later replay of it replaces what an earlier one kept, and one that keeps nothing removes it. */
const keep = async (session: Session, run: Run, { replayed }: Replay, wanted: boolean): Promise<string | undefined> => {
  const id = createHash('sha256').update(`${run.pipeline}/${run.logicalRun}`).digest('hex').slice(0, 8)
  const schema = `${run.pipeline}_replay_${id}`
  const [kept] = await session.all(
    `SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'lake' AND schema_name = $schema`,
    { schema },
  )
  if (kept === undefined && !wanted) return undefined
  const names = replayed.map(({ table }) => nameOf(table.name))
  await session.transaction(async () => {
    await session.run(`DROP SCHEMA IF EXISTS lake.${quotedIdentifier(schema)} CASCADE`)
    if (wanted) {
      await session.run(`CREATE SCHEMA lake.${quotedIdentifier(schema)}`)
      for (const { table, select } of replayed) {
        const bare = nameOf(table.name)
        // Two layers may have a table of the same name.
        const name = names.indexOf(bare) === names.lastIndexOf(bare) ? bare : table.name.replace('.', '_')
        await session.run(`CREATE TABLE ${inLake(`${schema}.${name}`)} AS ${select}`)
      }
    }
    await session.run(`CALL lake.set_commit_message('tributary/lake', $message)`, {
      message: `${wanted ? 'keep' : 'drop'} the replay of ${run.pipeline}/${run.logicalRun}`,
    })
  })
  return wanted ? schema : undefined
}

const nameOf = (table: string): string => table.slice(table.indexOf('.') + 1)
