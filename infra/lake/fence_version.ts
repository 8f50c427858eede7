import { atSnapshot } from './identifier.js'
import type { Session } from './session.js'

/** How often a stage had been committed to at a snapshot. */
export const fenceVersion = async (session: Session, stage: string, snapshotId: number): Promise<number> => {
  const { version } = await session.one(`SELECT version FROM ${atSnapshot(`${stage}._fence`, snapshotId)}`)
  return Number(version)
}
