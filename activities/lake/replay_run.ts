import { randomUUID } from 'node:crypto'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { requireSnapshot } from '../../infra/lake/version.js'
import { publish } from '../publish.js'
import type { Provenance, Receipt } from '../receipt.js'
import type { LakeDependencies } from './dependencies.js'
import { keep } from './kept_replay.js'
import { pinSnapshot, releasePin } from './pins.js'
import { promote } from './promote.js'
import { derivedCommits, type Replay, type ReplayedStep, replay, snapshotsOf } from './replay.js'
import { findRun, type Run } from './run_commits.js'

export interface ReplayRequest {
  /** A workflow id, a pipeline and logical time (`traders/2026-11-21T06:00:00.000Z`), or the time alone. */
  readonly run: string
  /** Leave the replayed tables in a schema of the lake, for queries. */
  readonly keep: boolean
  /** Put the replayed rows into the stages, in place of what they hold. */
  readonly promote: boolean
  /** The replay's logical time: promoting the same again is the same commit. */
  readonly asOf: string
  /** How many differing rows are told of each table. */
  readonly differences: number
}

export interface ReplayReport {
  readonly pipeline: string
  readonly logicalRun: string
  /** Whether every table came out as the run had made it. */
  readonly equal: boolean
  readonly derived: readonly ReplayedStep[]
  /** Steps that read sources: their rows are taken as recorded. */
  readonly taken: readonly { readonly step: string; readonly snapshotId: number }[]
  /** The build that derived again. */
  readonly codeVersion: string
  /** Where the replayed tables are kept. */
  readonly schema?: string
  /** Where the replayed rows were promoted. */
  readonly promoted?: Receipt
  readonly note: string
}

/**
 * Derives a run again from its recorded inputs, with today's code, and says what comes out otherwise than it had. Promoted, the
 * replayed rows take the place of what the stages hold, as one commit. Throws InvalidInput where there is no such run or one of its
 * snapshots has expired, RolledBack where what it had read was taken back and it is to be promoted.
 */
export const replayRun = (
  dependencies: LakeDependencies,
  request: ReplayRequest,
  provenance: Provenance,
): Promise<ReplayReport> => {
  const { lake, stages, published, codeVersion } = dependencies
  return lake.session(async (session) => {
    const run = await findRun(session, request.run)
    const commits = derivedCommits(run)
    let report: ReplayReport | undefined
    const replayed = async (own: Session): Promise<Replay> => {
      const done = await replay(own, stages, commits, request.differences)
      const schema = await keep(own, run, done, request.keep)
      report = { ...reportOf(run, done, codeVersion), ...(schema === undefined ? {} : { schema }) }
      return done
    }
    return pinned(lake, `replay of ${run.pipeline}/${run.logicalRun}`, snapshotsOf(commits), async () => {
      const receipt = request.promote ? await promote(lake, run, commits, stages, provenance, replayed) : undefined
      // An earlier attempt had promoted it: what it compared is compared again.
      if (report === undefined) await replayed(session)
      if (report === undefined) throw new Error('a replay has no report')
      if (receipt === undefined) return report
      const { pipeline: name, logicalRun: asOf } = run
      const { snapshotId } = receipt
      for (const each of published.filter(({ stage }) => stage.name === `${name}_published`))
        await publish(lake, codeVersion, { name, published: each }, { asOf, snapshotId, anyway: true }, provenance)
      return { ...report, promoted: receipt }
    })
  })
}

const reportOf = (run: Run, done: Replay, codeVersion: string): ReplayReport => {
  const tables = done.steps.flatMap((step) => step.tables)
  const different = tables.filter(differs).map(({ table }) => table)
  return {
    pipeline: run.pipeline,
    logicalRun: run.logicalRun,
    equal: different.length === 0 && tables.every(({ contentHash, replayedHash }) => contentHash === replayedHash),
    derived: done.steps,
    taken: run.commits
      .filter(({ derivationFingerprint }) => derivationFingerprint === undefined)
      .map(({ step, snapshotId }) => ({ step, snapshotId })),
    codeVersion,
    note: different.length === 0 ? `${tables.length} tables are equal` : `${different.join(', ')} came out otherwise`,
  }
}

/** Longer than an attempt may take: a lease that a killed attempt leaves ends by itself. */
const leaseHours = 3

/** Keeps the snapshots from expiring while the work goes on. Throws InvalidInput where one has expired. */
const pinned = async <T>(
  lake: Lake,
  reason: string,
  snapshots: readonly number[],
  work: () => Promise<T>,
): Promise<T> => {
  const holder = `replay ${randomUUID()}`
  const pins: string[] = []
  try {
    for (const snapshotId of snapshots) {
      await lake.session((session) => requireSnapshot(session, snapshotId, 'the run read or made it'))
      pins.push(await pinSnapshot(lake, { snapshotId, holder, reason, hours: leaseHours }))
    }
    return await work()
  } finally {
    for (const id of pins) await releasePin(lake, id)
  }
}

const differs = ({ added, removed, changed }: { added: number; removed: number; changed: number }): boolean =>
  added + removed + changed > 0
