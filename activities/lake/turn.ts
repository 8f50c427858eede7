import { setTimeout as sleep } from 'node:timers/promises'
import { CommitConflict } from '../../infra/errors.js'
import { isCollision } from '../../infra/lake/collision.js'
import type { Lake } from '../../infra/lake/lake.js'
import { raiseFence } from '../../infra/lake/reconcile/fences.js'
import type { Session } from '../../infra/lake/session.js'
import { meta } from '../../schemas/meta/index.js'

/** What a snapshot of maintenance says about itself. */
interface Change {
  /** The stage whose writers wait meanwhile. */
  readonly stage: string
  readonly step: string
  readonly message: string
}

/** A collision is over in one commit's time; past this many, Temporal's retry takes over. */
const attemptsAtTransaction = 8

/**
 * Makes one change to what the lake keeps or how it keeps it, as one snapshot by `tributary/lake`, while nobody else commits to the
 * stage. `work` may be run again after a collision or an unknown outcome, so doing it twice must do no harm. Throws CommitConflict
 * after too many collisions.
 */
export const inTurn = <T>(lake: Lake, change: Change, work: (session: Session) => Promise<T>): Promise<T> =>
  lake.session(async (session) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await lake.exclusively(change.stage, () => session.transaction(() => described(session, change, work)))
      } catch (error) {
        if (!isCollision(error)) throw error
        if (attempt >= attemptsAtTransaction) {
          throw new CommitConflict(`${change.stage} is being written by others; ${attempt} attempts collided`, {
            cause: error,
          })
        }
        await sleep(Math.random() * 50 * 2 ** attempt)
      }
    }
  })

/**
 * The same for what decides which snapshots stay: pins and expiries raise the fence of `meta`, so that no snapshot is expired while it
 * is being pinned.
 */
export const inTurnOfKeeping = <T>(
  lake: Lake,
  change: Omit<Change, 'stage'>,
  work: (session: Session) => Promise<T>,
): Promise<T> =>
  inTurn(lake, { stage: 'meta', ...change }, async (session) => {
    await raiseFence(session, meta.name)
    return work(session)
  })

const described = async <T>(
  session: Session,
  { step, message }: Change,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  const result = await work(session)
  await session.run(`CALL lake.set_commit_message('tributary/lake', $message, extra_info => $extra)`, {
    message,
    extra: JSON.stringify({ step }),
  })
  return result
}
