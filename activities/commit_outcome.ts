import { CommitOutcomeUnknown, SourceUnavailable } from '../infra/errors.js'
import { isCollision } from '../infra/lake/collision.js'
import type { Lake } from '../infra/lake/lake.js'
import { FenceMoved } from './fence.js'
import { findReceipt, type Receipt } from './receipt.js'

/** After an error: the receipt if the commit took place all the same, nothing if the transaction may be tried again, else throws. */
export const settle = async (lake: Lake, key: string, error: unknown): Promise<Receipt | undefined> => {
  if (error instanceof CommitOutcomeUnknown) {
    const done = await lake
      .session((session) => findReceipt(session, key))
      .catch((cause: unknown) => {
        throw new SourceUnavailable(
          `the catalog went away during COMMIT; whether ${key} took effect is looked up by the next attempt`,
          undefined,
          {
            cause,
          },
        )
      })
    if (done !== undefined) return done
  }
  if (error instanceof FenceMoved || isCollision(error)) return undefined
  throw error instanceof CommitOutcomeUnknown
    ? new SourceUnavailable(`the catalog refused the commit of ${key}: ${error.message.slice(0, 500)}`, undefined, {
        cause: error,
      })
    : error
}
