import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { MaintenanceInput } from '../../schemas/lake/maintenance_input.js'
import { neededSnapshots } from './needed_snapshots.js'
import { removeEndedPins } from './pins.js'
import { inTurnOfKeeping } from './turn.js'

export interface ExpireRequest {
  readonly dryRun: boolean
  readonly snapshots: MaintenanceInput['snapshots']
}

interface Expired {
  readonly expired: number
  readonly kept: number
  readonly note: string
}

/** So that each transaction is short. */
const snapshotsAtOnce = 1_000

/**
 * Expires the snapshots that are old, not among the newest, and needed by nobody. Young ones stay in any case: DuckLake loses the
 * deletes of a transaction that began before a snapshot which is expired under it (its issue 1472).
 */
export const expireSnapshots = async (lake: Lake, { dryRun, snapshots }: ExpireRequest): Promise<Expired> => {
  const told = (expired: number, kept: number) => ({ expired, kept, note: `${expired} expired, ${kept} kept` })
  if (dryRun) {
    const { expirable, all } = await lake.session((session) => sortOut(session, snapshots))
    return told(expirable.length, all - expirable.length)
  }
  for (let expired = 0; ; ) {
    const batch = await inTurnOfKeeping(lake, { step: 'expire', message: 'expire snapshots' }, async (session) => {
      await removeEndedPins(session)
      const versions = (await sortOut(session, snapshots)).expirable.slice(0, snapshotsAtOnce)
      if (versions.length > 0)
        await session.run(`CALL ducklake_expire_snapshots('lake', versions => [${versions.join(', ')}])`)
      return versions.length
    })
    expired += batch
    if (batch < snapshotsAtOnce)
      return told(expired, (await lake.session((session) => sortOut(session, snapshots))).all)
  }
}

const sortOut = async (
  session: Session,
  { olderThanHours, keepNewest, ...runs }: MaintenanceInput['snapshots'],
): Promise<{ expirable: number[]; all: number }> => {
  const needed = await neededSnapshots(session, runs)
  const rows = await session.all(
    `
    SELECT snapshot_id, snapshot_time < now() - to_seconds($hours * 3600)
      AND row_number() OVER (ORDER BY snapshot_id DESC) > $newest AS is_old
    FROM lake.snapshots() ORDER BY snapshot_id`,
    { hours: olderThanHours, newest: BigInt(keepNewest) },
  )
  const old = rows.filter(({ is_old }) => is_old === true).map(({ snapshot_id }) => Number(snapshot_id))
  return { expirable: old.filter((snapshotId) => !needed.has(snapshotId)), all: rows.length }
}
