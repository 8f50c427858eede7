import { setTimeout as sleep } from 'node:timers/promises'
import { CommitConflict, CommitOutcomeUnknown, QualityRejected, SourceUnavailable } from '../infra/errors.js'
import { inLake } from '../infra/lake/identifier.js'
import type { Lake } from '../infra/lake/lake.js'
import type { Session } from '../infra/lake/session.js'
import type { Stage } from '../schemas/table.js'
import { findReceipt, type Provenance, type Receipt, recordReceipt } from './receipt.js'
import { type Inspection, inspect, recordVerdicts, refusals } from './verdict.js'
import { applyWrite, type Write } from './write.js'

export interface Preparation {
  readonly writes: readonly Write[]
  /** The snapshot each input was read at. */
  readonly inputs: Readonly<Record<string, number>>
  /** The fence's version where the step read its own stage: nobody may have committed to it since. */
  readonly basis?: number
  readonly derivationFingerprint?: string
}

export interface Step {
  readonly stage: Stage
  /** Logical: pipeline, logical run, step, shard, fingerprint of inputs and code. The same key commits once, for ever. */
  readonly key: string
  readonly name: string
  readonly message: string
  readonly provenance: Provenance
  readonly parameters?: Readonly<Record<string, string | number>>
  /** Stages the rows in temporary tables of the session. Not called when the key has been committed. */
  readonly prepare: (session: Session) => Promise<Preparation>
}

/** Collisions with another writer of the same stage are over in one commit's time; past this many, Temporal's retry takes over. */
const attemptsAtTransaction = 8

/**
 * The only way to write: afterwards the lake has exactly one snapshot for this key, whoever made it, and its receipt is returned.
 * Throws QualityRejected when a blocking check fails (only the verdicts are written then), CommitConflict when the stage changed
 * under the step, and SourceUnavailable when the catalog cannot be reached. Nothing is written in any of these cases.
 */
export const commit = (lake: Lake, step: Step): Promise<Receipt> =>
  lake.session(async (session) => {
    const done = await findReceipt(session, step.key)
    if (done !== undefined) return done
    const preparation = await step.prepare(session)
    return lake.exclusively(step.stage.name, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await commitOnce(session, step, preparation)
        } catch (error) {
          const outcome = await settle(lake, step.key, error)
          if (outcome !== undefined) return outcome
          if (attempt >= attemptsAtTransaction) {
            throw new CommitConflict(`${step.stage.name} is being written by others; ${attempt} attempts collided`, {
              cause: error,
            })
          }
          await sleep(Math.random() * 50 * 2 ** attempt)
        }
      }
    })
  })

/** After an error: the receipt if the commit took place all the same, nothing if the transaction may be tried again, else throws. */
const settle = async (lake: Lake, key: string, error: unknown): Promise<Receipt | undefined> => {
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
  if (isCollision(error)) return undefined
  throw error instanceof CommitOutcomeUnknown
    ? new SourceUnavailable(`the catalog refused the commit of ${key}: ${error.message.slice(0, 500)}`, undefined, {
        cause: error,
      })
    : error
}

const isCollision = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof CommitConflict) &&
  /transaction conflict|conflicting|could not serialize|deadlock detected|database is locked|write-write conflict/i.test(
    error.message,
  )

const commitOnce = async (session: Session, step: Step, preparation: Preparation): Promise<Receipt> => {
  try {
    const receipt = await session.transaction(async () => {
      await raiseFence(session, step, preparation.basis)
      const done = await findReceipt(session, step.key)
      if (done !== undefined) throw new Repeated(done)
      return write(session, step, preparation)
    })
    const { id } = await session.one('SELECT id FROM lake.last_committed_snapshot()')
    return { ...receipt, snapshotId: Number(id) }
  } catch (error) {
    if (error instanceof Repeated) return error.receipt
    if (!(error instanceof Refused)) throw error
    await session.transaction(() => recordVerdicts(session, step.key, error.inspections))
    throw new QualityRejected(error.message)
  }
}

/** The key was committed since the first look: carries the receipt out of the transaction, which is rolled back with its fence. */
class Repeated extends Error {
  constructor(readonly receipt: Receipt) {
    super(`${receipt.key} is committed already`)
  }
}

/** Inserts never collide in DuckLake; this UPDATE of an existing row makes the later of two overlapping attempts fail. */
const raiseFence = async (session: Session, step: Step, basis: number | undefined): Promise<void> => {
  const fence = inLake(`${step.stage.name}._fence`)
  const changed =
    basis === undefined
      ? await session.run(`UPDATE ${fence} SET version = version + 1`)
      : await session.run(`UPDATE ${fence} SET version = version + 1 WHERE version = $basis`, { basis: BigInt(basis) })
  if (changed === 1) return
  const done = await findReceipt(session, step.key)
  if (done !== undefined) throw new Repeated(done)
  throw new CommitConflict(
    `${step.stage.name} was committed to after ${step.key} had read it; the step is to be derived again`,
  )
}

/** Blocking checks failed: carries the verdicts out of the transaction, which is rolled back. */
class Refused extends Error {
  constructor(readonly inspections: readonly Inspection[]) {
    super(refusals(inspections).join('\n'))
  }
}

const write = async (session: Session, step: Step, preparation: Preparation): Promise<Omit<Receipt, 'snapshotId'>> => {
  const inspections: Inspection[] = []
  for (const { table, staged } of preparation.writes) inspections.push(await inspect(session, table, staged))
  if (refusals(inspections).length > 0) throw new Refused(inspections)
  const rows: Record<string, number> = {}
  for (const each of preparation.writes) rows[each.table.name] = await applyWrite(session, each)
  const receipt = {
    key: step.key,
    stage: step.stage.name,
    step: step.name,
    rows,
    contentHashes: Object.fromEntries(inspections.map(({ table, contentHash }) => [table.name, contentHash])),
    inputs: preparation.inputs,
    parameters: step.parameters ?? {},
    ...(preparation.derivationFingerprint === undefined
      ? {}
      : { derivationFingerprint: preparation.derivationFingerprint }),
    committedAt: new Date().toISOString(),
  }
  await recordReceipt(session, receipt, step.message, step.provenance)
  await recordVerdicts(session, step.key, inspections)
  const { codeVersion, workflowId, runId, attempt } = step.provenance
  const extra = { key: step.key, workflowId, runId, step: step.name, attempt, codeVersion, inputs: preparation.inputs }
  await session.run(`CALL lake.set_commit_message($author, $message, extra_info => $extra)`, {
    author: `tributary/${step.provenance.pipeline}`,
    message: step.message,
    extra: JSON.stringify(extra),
  })
  return receipt
}
