import type { Session } from '../infra/lake/session.js'

/** The snapshot that the commit under this key has just made: `likely`, unless others committed meanwhile. */
export const ownSnapshot = async (session: Session, key: string, likely: number): Promise<number> => {
  if (await bears(session, likely, key)) return likely
  // The newest of this process, whoever of its steps made it.
  const { id } = await session.one('SELECT id FROM lake.last_committed_snapshot()')
  if (await bears(session, Number(id), key)) return Number(id)
  const found = await session.one('SELECT snapshot_id FROM lake.meta.commits WHERE commit_key = $key', { key })
  return Number(found['snapshot_id'])
}

/** Whether a snapshot's message names this key: looking costs a fifth of reading the receipts. */
const bears = async (session: Session, snapshotId: number, key: string): Promise<boolean> => {
  // A literal, as only that is left to the catalog to look up.
  const [message] = await session.all(
    `SELECT commit_extra_info FROM __ducklake_metadata_lake.ducklake_snapshot_changes WHERE snapshot_id = ${Math.trunc(snapshotId)}`,
  )
  const extra: unknown = JSON.parse(String(message?.['commit_extra_info'] ?? 'null'))
  return typeof extra === 'object' && extra !== null && 'key' in extra && extra.key === key
}
