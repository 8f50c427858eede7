import type { Session } from '../infra/lake/session.js'
import { madeSnapshotId } from '../schemas/meta/commits.js'

/** The snapshot that the commit under this key has just made. */
export const ownSnapshot = async (session: Session, key: string): Promise<number> => {
  // The newest of this process, so nearly always the one; reading its message costs a tenth of reading the receipts.
  const { id } = await session.one('SELECT id FROM lake.last_committed_snapshot()')
  const last = Math.trunc(Number(id))
  // A literal, as only that is left to the catalog to look up.
  const [message] = await session.all(
    `SELECT commit_extra_info FROM __ducklake_metadata_lake.ducklake_snapshot_changes WHERE snapshot_id = ${last}`,
  )
  const extra: unknown = JSON.parse(String(message?.['commit_extra_info'] ?? 'null'))
  if (typeof extra === 'object' && extra !== null && 'key' in extra && extra.key === key) return last
  // The newest under the key: one that a rollback took back may stand there too.
  const { made } = await session.one(
    `SELECT max(${madeSnapshotId}) AS made FROM lake.meta.commits WHERE commit_key = $key`,
    { key },
  )
  return Number(made)
}
