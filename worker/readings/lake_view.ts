import { currentPublication } from '../../activities/publish.js'
import { atSnapshot, inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { storedColumnsAt, tableAt } from '../../infra/lake/table_version.js'
import { currentSnapshotId, snapshotNamed } from '../../infra/lake/version.js'
import type { Domain, Published } from '../../schemas/domain.js'
import { commits } from '../../schemas/meta/commits.js'
import { refusals } from '../../schemas/meta/refusals.js'
import type { Table } from '../../schemas/table.js'
import { traders } from '../../schemas/traders/index.js'
import type { View } from '../../schemas/view.js'

/** Which state of the lake is looked at. */
export interface Moment {
  readonly snapshotId: number
  /** ISO 8601. */
  readonly time: string
  /** Whether it is the newest one, which moves on, and not one that was asked for. */
  readonly newest: boolean
  /** The run that readers saw then; absent before the first. */
  readonly published: { readonly number: number; readonly logicalRun: string; readonly snapshotId: number } | undefined
}

/** The lake as it was at one moment. Each relation is for use in FROM. */
export interface LakeView {
  readonly session: Session
  readonly moment: Moment
  /** A table of the published run; without rows before the first one. */
  published(table: Table): string
  /** The same of the run that was published before it. */
  before(table: Table): string
  /** A table as the lake held it, published or not. */
  stored(table: Table): string
  /** The receipts up to the moment, with the snapshot that wrote each as `snapshot_id`. */
  readonly receipts: string
  /** A view of `meta` over the receipts of the moment. */
  meta(view: View): string
}

interface Facts {
  readonly time: string
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>
  readonly published: Moment['published']
  readonly columnsPublished: ReadonlyMap<string, ReadonlySet<string>>
  /** The snapshot that was published before, if it is kept. */
  readonly before: number | undefined
}

/** A domain that readers see one run of at a time. */
export type PublishingDomain = Domain & { readonly published: Published }

/** What is known of snapshots, by domain and number: they never change, so it is asked once. */
export type KnownSnapshots = Map<string, Promise<Facts>>
const knownLimit = 100

/**
 * Looks at the lake as of a snapshot's number or a time; at the newest state where none is given; at what the domain had published
 * then. A process that looks often hands in what it knows of snapshots. Throws InvalidInput, with the range there is, where the lake has no such snapshot.
 */
export const lakeView = async (
  session: Session,
  asOf: string | undefined,
  known: KnownSnapshots = new Map(),
  domain: PublishingDomain = traders,
): Promise<LakeView> => {
  const snapshotId = asOf === undefined ? await currentSnapshotId(session) : await snapshotNamed(session, 'asOf', asOf)
  const place = `${domain.name}@${snapshotId}`
  const facts = known.get(place) ?? readFacts(session, snapshotId, domain)
  known.set(place, facts)
  facts.catch(() => known.delete(place))
  for (const first of known.keys()) if (known.size > knownLimit) known.delete(first)
  const { time, columns, published, columnsPublished, before } = await facts
  const ofRun = (table: Table, at: number | undefined) =>
    relation(table, at ?? snapshotId, at === undefined ? undefined : columnsPublished)
  const replaced = (select: string, table: Table) =>
    select.replaceAll(`lake.${table.name}`, atSnapshot(table.name, snapshotId))
  return {
    session,
    moment: { snapshotId, time, newest: asOf === undefined, published },
    published: (table) => ofRun(table, published?.snapshotId),
    before: (table) => ofRun(table, before),
    stored: (table) => relation(table, snapshotId, columns),
    receipts: atSnapshot(commits.name, snapshotId),
    meta: (view) =>
      asOf === undefined ? inLake(view.name) : `(${replaced(replaced(view.select, commits), refusals)})`,
  }
}

/** In today's columns; without rows where the table was not there. */
const relation = (
  table: Table,
  snapshotId: number,
  stored: ReadonlyMap<string, ReadonlySet<string>> | undefined,
): string => `(${tableAt(table, snapshotId, stored?.get(table.name))})`

const readFacts = async (session: Session, snapshotId: number, domain: PublishingDomain): Promise<Facts> => {
  const { time } = await session.one(
    `SELECT strftime(snapshot_time, '%Y-%m-%dT%H:%M:%SZ') AS time FROM __ducklake_metadata_lake.ducklake_snapshot WHERE snapshot_id = $id`,
    { id: BigInt(snapshotId) },
  )
  const columns = await storedColumnsAt(session, snapshotId)
  const publications = relation(domain.published.publications, snapshotId, columns)
  const published = await currentPublication(session, domain.published, publications)
  if (published === undefined)
    return { time: String(time), columns, published, columnsPublished: new Map(), before: undefined }
  // An expired snapshot of an earlier run has no movement to tell, and is no reason to refuse the page.
  const [before] = await session.all(
    `SELECT snapshot_id FROM ${publications} WHERE publication_number = $number - 1
      AND snapshot_id IN (SELECT snapshot_id FROM __ducklake_metadata_lake.ducklake_snapshot)`,
    { number: BigInt(published.number) },
  )
  return {
    time: String(time),
    columns,
    published,
    columnsPublished: await storedColumnsAt(session, published.snapshotId),
    before: before === undefined ? undefined : Number(before['snapshot_id']),
  }
}
