import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { differingRows, diffTable, type RowDiff } from '../../infra/lake/table_diff.js'
import { contentOf, storedColumnsAt, tableAt } from '../../infra/lake/table_version.js'
import type { Stage, Table } from '../../schemas/table.js'
import { derivationFingerprint, derivedTables, deriveWhole } from '../derive.js'
import type { Run, RunCommit } from './run_commits.js'

/** How a replayed table compares with what the run had made of it. */
export interface ReplayedTable {
  readonly table: string
  readonly rows: number
  /** A hash of all rows, whatever their order: as the run left them, and as derived again. */
  readonly contentHash: string
  readonly replayedHash: string
  readonly added: number
  readonly removed: number
  readonly changed: number
  /** In how many changed rows each column differs. */
  readonly columns: Readonly<Record<string, number>>
  /** The first rows that differ: `before` as the run left them, `after` as derived again. */
  readonly differences: readonly RowDiff[]
}

export interface ReplayedStep {
  readonly step: string
  readonly stage: string
  readonly snapshotId: number
  readonly inputs: Readonly<Record<string, number>>
  readonly parameters: RunCommit['parameters']
  /** Whether the SQL is the one recorded. Another build may well derive the same. */
  readonly derivation: 'as recorded' | 'changed since'
  readonly recordedCode: string
  readonly tables: readonly ReplayedTable[]
}

/** A run derived again in the temporary tables of a session. */
export interface Replay {
  readonly steps: readonly ReplayedStep[]
  /** SELECTs of the replayed rows, with the columns and types of their tables. */
  readonly replayed: readonly { readonly stage: Stage; readonly table: Table; readonly select: string }[]
}

/** Every snapshot a replay of these commits reads. */
export const snapshotsOf = (commits: readonly RunCommit[]): number[] => [
  ...new Set(commits.flatMap(({ snapshotId, inputs }) => [snapshotId, ...Object.values(inputs)])),
]

/** The commits of a run that derived tables, the newest of each step, in force or else undone. Throws InvalidInput where it has none. */
export const derivedCommits = ({ pipeline, logicalRun, commits }: Run): RunCommit[] => {
  const derived = commits.filter(({ derivationFingerprint }) => derivationFingerprint !== undefined)
  const inForce = derived.filter(({ undoneBy }) => undoneBy === undefined)
  const newest = new Map((inForce.length > 0 ? inForce : derived).map((commit) => [commit.step, commit]))
  if (newest.size > 0) return [...newest.values()].sort((one, other) => one.snapshotId - other.snapshotId)
  throw new InvalidInput(
    `${pipeline}/${logicalRun} derived nothing: its steps ${commits.map(({ step }) => step).join(', ')} read sources, and are taken as recorded`,
  )
}

/**
 * Derives the steps again, whole, with their recorded parameters, from their inputs at the recorded snapshots: what an earlier step
 * of the run had derived is taken from the replay. Compares with the tables as the run had left them. The snapshots must be there.
 */
export const replay = async (
  session: Session,
  stages: readonly Stage[],
  commits: readonly RunCommit[],
  differences: number,
): Promise<Replay> => {
  const instead = new Map<string, string>()
  const replayed: { stage: Stage; table: Table; select: string }[] = []
  const steps: ReplayedStep[] = []
  for (const commit of commits) {
    const stage = stages.find(({ name }) => name === commit.stage)
    const asOf = commit.parameters['as_of']
    if (stage === undefined || asOf === undefined)
      throw new InvalidInput(`${commit.key} wrote ${commit.stage}, which is no stage of this build any more`)
    const foreign = Object.entries(commit.inputs).flatMap(([name, id]) => (name === stage.name ? [] : [id]))
    const relations = await deriveWhole(session, {
      stage,
      step: commit.step,
      snapshotId: Math.max(...foreign),
      parameters: { ...commit.parameters, as_of: String(asOf) },
      instead,
    })
    const tables: ReplayedTable[] = []
    const stored = await storedColumnsAt(session, commit.snapshotId)
    for (const table of derivedTables(stage)) {
      // As the table would store them: what follows reads, hashes and writes these.
      const view = quotedIdentifier(`replayed ${table.name}`)
      const columns = Object.entries(table.columns).map(
        ([name, { sql }]) => `${quotedIdentifier(name)}::${sql} AS ${quotedIdentifier(name)}`,
      )
      await session.run(
        `CREATE OR REPLACE TEMP VIEW ${view} AS SELECT ${columns.join(', ')} FROM ${relations.get(table.name)}`,
      )
      instead.set(table.name, view)
      replayed.push({ stage, table, select: `FROM ${view}` })
      const recorded = tableAt(table, commit.snapshotId, stored.get(table.name))
      tables.push(await compare(session, table, recorded, `FROM ${view}`, differences))
    }
    steps.push({
      step: commit.step,
      stage: stage.name,
      snapshotId: commit.snapshotId,
      inputs: commit.inputs,
      parameters: commit.parameters,
      derivation: commit.derivationFingerprint === derivationFingerprint(stage) ? 'as recorded' : 'changed since',
      recordedCode: commit.codeVersion,
      tables,
    })
  }
  return { steps, replayed }
}

const compare = async (
  session: Session,
  table: Table,
  recorded: string,
  again: string,
  limit: number,
): Promise<ReplayedTable> => {
  const [before, after] = [await contentOf(session, table, recorded), await contentOf(session, table, again)]
  const diff = await diffTable(session, table, recorded, again)
  const { added, removed, changed, columns, relation } = diff
  const differences = await differingRows(session, table, diff, limit)
  await session.run(`DROP TABLE ${relation}`)
  return {
    table: table.name,
    rows: after.rows,
    contentHash: before.hash,
    replayedHash: after.hash,
    added,
    removed,
    changed,
    columns,
    differences,
  }
}
