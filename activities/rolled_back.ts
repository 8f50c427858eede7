import { RolledBack } from '../infra/errors.js'
import type { Rollback } from '../infra/lake/committed_keys.js'

/**
 * Throws RolledBack when a rollback in force took back what a step had read: an input's snapshot lies between the rollback and its
 * target. What was made of it would outlive it.
 */
export const assertInForce = (
  key: string,
  inputs: Readonly<Record<string, number>>,
  rollbacks: readonly Rollback[],
): void => {
  for (const [stage, read] of Object.entries(inputs)) {
    const over = rollbacks.find(
      ({ domain, to, snapshotId }) =>
        (stage === domain || stage.startsWith(`${domain}_`)) && to < read && read < snapshotId,
    )
    if (over === undefined) continue
    throw new RolledBack(
      `${key} had read ${stage} at snapshot ${read}, and snapshot ${over.snapshotId} took ${over.domain} back to ${over.to} since; start the run again`,
    )
  }
}
