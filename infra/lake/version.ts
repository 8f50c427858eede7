import { InvalidInput } from '../errors.js'
import type { Session } from './session.js'

/** The newest snapshot. */
export const currentSnapshotId = async (session: Session): Promise<number> =>
  Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id'])

/**
 * The snapshot that `given` names: its number, or a time (ISO 8601, UTC where it names no zone), which is the newest snapshot of
 * that moment. Throws InvalidInput with the range there is when the lake has no such snapshot, or no longer.
 */
export const snapshotNamed = async (session: Session, field: string, given: string): Promise<number> => {
  const problem = async (what: string) => new InvalidInput(`${field} is "${given}": ${what}; ${await range(session)}`)
  if (/^\d{1,15}$/.test(given.trim())) {
    const [found] = await session.all('SELECT snapshot_id FROM lake.snapshots() WHERE snapshot_id = $id', {
      id: BigInt(given.trim()),
    })
    if (found === undefined) throw await problem('the lake has no snapshot of this number, or it has expired')
    return Number(found['snapshot_id'])
  }
  const { moment } = await session.one('SELECT try_cast($given AS TIMESTAMPTZ)::VARCHAR AS moment', { given })
  if (moment === null) throw await problem('it is neither a number nor a time such as 2026-11-21T06:00:00Z')
  const { id } = await session.one(
    'SELECT max(snapshot_id) AS id FROM lake.snapshots() WHERE snapshot_time <= $given::TIMESTAMPTZ',
    { given },
  )
  if (id === null) throw await problem('the lake holds no snapshot as old as that')
  return Number(id)
}

/** Throws InvalidInput, naming what needs the snapshot and the range there is, when the lake has no such snapshot any more. */
export const requireSnapshot = async (session: Session, snapshotId: number, why: string): Promise<void> => {
  const [found] = await session.all('SELECT snapshot_id FROM lake.snapshots() WHERE snapshot_id = $id', {
    id: BigInt(snapshotId),
  })
  if (found === undefined)
    throw new InvalidInput(`snapshot ${snapshotId} has expired (${why}); ${await range(session)}`)
}

const range = async (session: Session): Promise<string> => {
  const { low, low_time, high, high_time, kept } = await session.one(`
    SELECT min(snapshot_id) AS low, strftime(min(snapshot_time), '%Y-%m-%dT%H:%M:%SZ') AS low_time,
      max(snapshot_id) AS high, strftime(max(snapshot_time), '%Y-%m-%dT%H:%M:%SZ') AS high_time, count(*) AS kept
    FROM lake.snapshots()`)
  const missing = Number(high) - Number(low) + 1 - Number(kept)
  const expired = missing === 0 ? '' : `, of which ${missing} have expired`
  return `there are snapshots ${low} (${low_time}) to ${high} (${high_time})${expired}: npx tributary snapshots lists them`
}
