import { InvalidInput } from '../../infra/errors.js'
import { recordChanges } from '../../infra/lake/changes.js'
import { fenceVersion } from '../../infra/lake/fence_version.js'
import type { Session } from '../../infra/lake/session.js'
import { currentSnapshotId, snapshotNamed } from '../../infra/lake/version.js'
import type { Published } from '../../schemas/domain.js'
import type { Stage } from '../../schemas/table.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { showPublished } from '../publish.js'
import type { Provenance, Receipt } from '../receipt.js'
import type { LakeDependencies } from './dependencies.js'
import { type Restoration, type RestoredTable, restoration } from './restore.js'
import { applyMarks, findMarks, type MarkedCommit } from './undone_commits.js'

export interface RollbackRequest {
  /** A snapshot's number or a time. */
  readonly to: string
  /** Default: the only domain that has tables. */
  readonly domain?: string | undefined
  readonly dryRun: boolean
  readonly reason: string
  /** The logical time of this rollback: the same again is the same commit. */
  readonly asOf: string
}

export interface RollbackReport {
  readonly domain: string
  /** The snapshot the tables were at, and the one they are brought back to. */
  readonly from: number
  readonly to: number
  readonly tables: readonly RestoredTable[]
  /** Commits that lose their force: the same logical step does its work again. */
  readonly undone: readonly MarkedCommit[]
  /** Commits that an earlier rollback had undone and this one brings back. */
  readonly redone: readonly MarkedCommit[]
  /** Absent where nothing was written: dry, or nothing differs. */
  readonly receipt?: Receipt
  readonly note: string
}

/**
 * Restores every table of a domain's stages to its content at a snapshot, as one new snapshot that rewrites only the rows that
 * differ. History stays: a rollback can be rolled back. Throws InvalidInput where the snapshot has expired or a table cannot be
 * brought back to it, CommitConflict where a stage was committed to meanwhile.
 */
export const rollBack = (
  { lake, stages, published }: LakeDependencies,
  request: RollbackRequest,
  provenance: Provenance,
): Promise<RollbackReport> =>
  lake.session(async (session) => {
    const own = stagesOf(stages, request.domain)
    const { domain } = own
    const to = await snapshotNamed(session, 'to', request.to)
    const key = commitKey({ pipeline: 'lake', logicalRun: request.asOf, step: 'rollback', decidedBy: [domain, to] })
    if (request.dryRun) {
      const { told } = await planRollback(session, own, to, key)
      return { ...told, note: `dry run: ${summary(told)}` }
    }
    let plan: Plan | undefined
    const receipt = await commit(lake, {
      stage: own.first,
      otherStages: own.others,
      key,
      name: 'rollback',
      message: `rollback of ${domain} to snapshot ${to}${request.reason === '' ? '' : `: ${request.reason}`}`,
      provenance,
      parameters: { domain, to },
      prepare: async (committing) => {
        const { told, writes, fences } = await planRollback(committing, own, to, key)
        plan = { told, writes, fences }
        return {
          writes,
          inputs: {},
          basis: fences,
          finish: async () => {
            await applyMarks(committing)
            // Readers see what they saw then: the record of it is one of the restored tables.
            for (const each of own.all.flatMap(shownBy(published))) await showPublished(committing, each)
            await recordChanges(committing, key, changesOf(told, request.reason))
          },
        }
      },
    })
    // An earlier attempt had committed: what it did is what differs between its own snapshot and the one before.
    const { told } = plan ?? (await planRollback(session, own, to, key, receipt.snapshotId - 1))
    return { ...told, receipt, note: `${summary(told)}: snapshot ${receipt.snapshotId}` }
  })

const shownBy = (published: readonly Published[]) => (stage: Stage) =>
  published.filter((each) => each.stage.name === stage.name)

interface OwnStages {
  readonly domain: string
  readonly first: Stage
  readonly others: readonly Stage[]
  readonly all: readonly Stage[]
}

/** The stages of a domain, which is what stands before the last underscore of their names. */
const stagesOf = (stages: readonly Stage[], given: string | undefined): OwnStages => {
  const domainOf = ({ name }: Stage) => name.slice(0, name.lastIndexOf('_'))
  const domains = [...new Set(stages.map(domainOf))]
  const domain = given ?? (domains.length === 1 ? domains[0] : undefined)
  const all = stages.filter((stage) => domainOf(stage) === domain)
  const [first, ...others] = all
  if (domain === undefined || first === undefined)
    throw new InvalidInput(
      `domain is ${given === undefined ? 'not given' : JSON.stringify(given)}: name one that has tables: ${domains.join(', ')}`,
    )
  return { domain, first, others, all }
}

type Told = Omit<RollbackReport, 'note' | 'receipt'>

interface Plan extends Pick<Restoration, 'writes'> {
  readonly told: Told
  /** The versions of the stages' fences, as the plan saw them. */
  readonly fences: ReadonlyMap<string, number>
}

const planRollback = async (
  session: Session,
  { domain, all }: OwnStages,
  to: number,
  key: string,
  at?: number,
): Promise<Plan> => {
  const from = at ?? (await currentSnapshotId(session))
  const fences = new Map<string, number>()
  for (const { name } of all) {
    fences.set(name, await fenceVersion(session, name, from))
  }
  const { tables, writes } = await restoration(session, all, { from, to })
  const { undone, redone } = await findMarks(session, all, to, key)
  return { told: { domain, from, to, tables, undone, redone }, writes, fences }
}

const differing = ({ tables }: Told): readonly RestoredTable[] =>
  tables.filter(({ added, removed, changed }) => added + removed + changed > 0)

const rowsOf = ({ added, removed, changed }: RestoredTable): string =>
  `${added} rows back, ${removed} gone, ${changed} changed`

const changesOf = (told: Told, reason: string) =>
  differing(told).map((table) => ({
    dataset: table.table,
    type: 'restore' as const,
    description: `restored to snapshot ${told.to}: ${rowsOf(table)}${reason === '' ? '' : `; ${reason}`}`,
    rollbackSql: `npx tributary rollback --to ${told.from} --domain ${told.domain}`,
  }))

const summary = (told: Told): string => {
  const { domain, to, undone, redone } = told
  const tables = differing(told).length
  const again = redone.length === 0 ? '' : `, ${redone.length} are in force again`
  return `${domain} to snapshot ${to}: ${tables} of ${told.tables.length} tables differ, ${undone.length} commits are undone${again}`
}
