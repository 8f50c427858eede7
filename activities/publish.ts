import { fenceVersion } from '../infra/lake/fence_version.js'
import { inLake, quotedIdentifier } from '../infra/lake/identifier.js'
import type { Lake } from '../infra/lake/lake.js'
import type { Session } from '../infra/lake/session.js'
import { currentSnapshotId } from '../infra/lake/version.js'
import type { Domain, Published } from '../schemas/domain.js'
import { commit } from './commit.js'
import { commitKey } from './commit_key.js'
import { currentProvenance } from './provenance.js'
import type { Provenance, Receipt } from './receipt.js'
import { stage } from './write.js'

export interface PublishRequest {
  /** The run's logical time. */
  readonly asOf: string
  /** The snapshot that holds everything of the run. */
  readonly snapshotId: number
  /** Publish even where a later run is published. */
  readonly anyway?: boolean
}

/** What is shown besides, in the transaction of the publication, when the views show it. */
export type AlsoPublished = (session: Session) => Promise<void>

export interface Publication {
  /** Nothing where a later run is published already, which stays. */
  readonly receipt?: Receipt
  readonly note: string
}

interface Current {
  readonly number: number
  readonly logicalRun: string
  readonly snapshotId: number
}

/**
 * Makes a run visible: all published views of the domain show its snapshot from one commit on. Until then, and if the run never
 * gets here, they show the run before it. A run that is older than the published one is left aside.
 */
export const publish = async (
  lake: Lake,
  codeVersion: string,
  domain: Pick<Domain, 'name'> & { readonly published: Published },
  { asOf, snapshotId, anyway = false }: PublishRequest,
  provenance: Provenance = currentProvenance(domain.name, asOf, codeVersion),
  also?: AlsoPublished,
): Promise<Publication> => {
  const { published, name } = domain
  const standing = await lake.session((session) => currentPublication(session, published))
  if (!anyway && standing !== undefined && standing.logicalRun > asOf) {
    return { note: `not published: the later run ${standing.logicalRun} is` }
  }
  const receipt = await commit(lake, {
    stage: published.stage,
    name: 'publish',
    key: commitKey({ pipeline: name, logicalRun: asOf, step: 'publish', decidedBy: [snapshotId, anyway, codeVersion] }),
    message: `publish ${asOf} at snapshot ${snapshotId}`,
    provenance,
    prepare: async (session) => {
      const fence = await fenceVersion(session, published.stage.name, await currentSnapshotId(session))
      const before = await currentPublication(session, published)
      const row = {
        publication_number: BigInt((before?.number ?? 0) + 1),
        logical_run: asOf,
        snapshot_id: BigInt(snapshotId),
        published_at: new Date(),
      }
      const staged = await stage(session, published.publications, [row])
      await lake.failpoint('publish.before_begin')
      return {
        writes: [{ table: published.publications, staged, replaces: { kind: 'nothing' } }],
        inputs: { [name]: snapshotId },
        basis: new Map([[published.stage.name, fence]]),
        finish: async (inside) => {
          await showPublished(inside, published)
          await also?.(inside)
          await lake.failpoint('publish.views_replaced')
        },
      }
    },
  })
  await lake.failpoint('publish.committed')
  return { receipt, note: `published at snapshot ${snapshotId}` }
}

/** What readers see now, or saw where `publications` is the table of then; nothing before the first publication. */
export const currentPublication = async (
  session: Session,
  published: Pick<Published, 'publications'>,
  publications: string = inLake(published.publications.name),
): Promise<Current | undefined> => {
  const [row] = await session.all(`SELECT * FROM ${publications} ORDER BY publication_number DESC LIMIT 1`)
  if (row === undefined) return undefined
  return {
    number: Number(row['publication_number']),
    logicalRun: String(row['logical_run']),
    snapshotId: Number(row['snapshot_id']),
  }
}

/** Points all views at the newest publication's snapshot, in the caller's transaction; drops them where there is none. */
export const showPublished = async (session: Session, published: Published): Promise<void> => {
  const current = await currentPublication(session, published)
  for (const table of published.tables) {
    const view = inLake(viewOf(published, table.name))
    const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
    await session.run(
      current === undefined
        ? `DROP VIEW IF EXISTS ${view}`
        : `CREATE OR REPLACE VIEW ${view} AS SELECT ${columns} FROM ${table.name} AT (VERSION => ${current.snapshotId})`,
    )
  }
}

/** `traders_published.smart_wallets` shows `traders_gold.smart_wallets`. */
const viewOf = ({ stage: { name } }: Published, table: string): string =>
  `${name}.${table.slice(table.indexOf('.') + 1)}`
