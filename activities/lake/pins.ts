import { randomUUID } from 'node:crypto'
import { InvalidInput } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import { insertJson } from '../../infra/lake/insert_json.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { pins } from '../../schemas/meta/pins.js'
import type { Row } from '../../schemas/table.js'
import { inTurnOfKeeping } from './turn.js'

interface PinRequest {
  readonly snapshotId: number
  /** Who asks for it: a workflow's id, or a person. The same holder's second pin of a snapshot takes the place of the first. */
  readonly holder: string
  readonly reason: string
  /** How long the lease lasts, unless it is released before. */
  readonly hours: number
}

/**
 * Takes a lease on a snapshot: until it ends, no maintenance expires the snapshot. Resolves to the pin's id. Throws InvalidInput where
 * the snapshot is not there (any more).
 */
export const pinSnapshot = (lake: Lake, { snapshotId, holder, reason, hours }: PinRequest): Promise<string> =>
  inTurnOfKeeping(lake, { step: 'pin', message: `pin snapshot ${snapshotId}: ${reason}` }, async (session) => {
    const version = { snapshot_id: BigInt(snapshotId) }
    const [found] = await session.all('SELECT 1 FROM lake.snapshots() WHERE snapshot_id = $snapshot_id', version)
    if (found === undefined)
      throw new InvalidInput(`snapshot ${snapshotId} is not in the lake; npx tributary snapshots lists those that are`)
    const id = randomUUID()
    await session.run(`DELETE FROM ${inLake(pins.name)} WHERE snapshot_id = $snapshot_id AND holder = $holder`, {
      ...version,
      holder,
    })
    const now = Date.now()
    const row: Row<typeof pins> = {
      id,
      snapshot_id: version.snapshot_id,
      holder,
      reason,
      created_at: new Date(now),
      expires_at: new Date(now + hours * 3_600_000),
    }
    await insertJson(session, pins, [{ ...row, snapshot_id: snapshotId }])
    return id
  })

/** Ends a lease before its time. One that has ended already is no error. */
export const releasePin = (lake: Lake, id: string): Promise<number> =>
  inTurnOfKeeping(lake, { step: 'pin', message: `release pin ${id}` }, (session) =>
    session.run(`DELETE FROM ${inLake(pins.name)} WHERE id = $id`, { id }),
  )

/** Removes the leases that are over. */
export const removeEndedPins = (session: Session): Promise<number> =>
  session.run(`DELETE FROM ${inLake(pins.name)} WHERE expires_at < now()`)
