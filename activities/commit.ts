import { setTimeout as sleep } from 'node:timers/promises'
import { CommitConflict, QualityRejected } from '../infra/errors.js'
import { watchOf } from '../infra/lake/commit_watch.js'
import type { Sight } from '../infra/lake/committed_keys.js'
import type { Lake } from '../infra/lake/lake.js'
import type { Session } from '../infra/lake/session.js'
import type { DatasetRecord } from '../schemas/meta/dataset_record.js'
import type { Stage } from '../schemas/table.js'
import { settle } from './commit_outcome.js'
import { FenceMoved, raiseFences } from './fence.js'
import { ownSnapshot } from './own_snapshot.js'
import { findReceipt, type Provenance, type Receipt, recordReceipt } from './receipt.js'
import { assertInForce } from './rolled_back.js'
import { inspect, recordRefusal, refusalsOf } from './verdict.js'
import { applyWrite, type Write } from './write.js'

export interface Preparation {
  readonly writes: readonly Write[]
  /** The snapshot each input was read at. */
  readonly inputs: Readonly<Record<string, number>>
  /** The fence's version of each stage that the step itself read and writes: nobody may have committed to it since. */
  readonly basis?: ReadonlyMap<string, number>
  readonly derivationFingerprint?: string
  /** What else belongs to the commit, such as views: runs in the transaction when the rows are written. */
  readonly finish?: (session: Session) => Promise<void>
}

export interface Step {
  readonly stage: Stage
  /** Stages that the step writes besides: their fences are raised with the first one's. */
  readonly otherStages?: readonly Stage[]
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
 * under the step, RolledBack when a rollback took back what it had read, and SourceUnavailable when the catalog cannot be reached.
 * Nothing is written in any of these cases.
 */
export const commit = (lake: Lake, step: Step): Promise<Receipt> =>
  watchOf(lake).step(step, () => lake.session((session) => commitIn(lake, session, step)))

const commitIn = async (lake: Lake, session: Session, step: Step): Promise<Receipt> => {
  await lake.failpoint('commit.before_claim')
  const claim = await claimKey(lake, session, step)
  if ('receipt' in claim) return claim.receipt
  await lake.failpoint('commit.claimed')
  const preparation = await step.prepare(session)
  await lake.failpoint('commit.staged')
  return watchOf(lake).writing(step, () =>
    inTurn(lake, namesOf(step), () => commitPrepared(lake, session, step, preparation, claim.sight)),
  )
}

/** The receipt, if the key was committed; else what was seen of the lake, which the fences' versions prove to hold still. */
const claimKey = async (lake: Lake, session: Session, step: Step): Promise<{ receipt: Receipt } | { sight: Sight }> => {
  const sight = await lake.committedKeys.look(session, step.key, namesOf(step))
  const receipt = sight.committed ? await findReceipt(session, step.key) : undefined
  return receipt === undefined ? { sight } : { receipt }
}

const namesOf = ({ stage, otherStages = [] }: Step): string[] => [stage, ...otherStages].map(({ name }) => name)

/** Waits for the stages in the order of their names, so that two steps never wait for each other. */
const inTurn = <T>(lake: Lake, names: readonly string[], work: () => Promise<T>): Promise<T> =>
  [...names].sort().reduceRight((inner, name) => () => lake.exclusively(name, inner), work)()

const commitPrepared = async (
  lake: Lake,
  session: Session,
  step: Step,
  preparation: Preparation,
  first: Sight,
): Promise<Receipt> => {
  const basis = [...(preparation.basis ?? [])]
  const movedSince = ({ versions }: Sight) => basis.find(([stage, version]) => versions.get(stage) !== version)?.[0]
  // A step that read its own stage later than it looked its key up may have read a commit under that very key.
  let sight = movedSince(first) === undefined ? first : undefined
  for (let attempt = 1; ; attempt += 1) {
    if (sight === undefined) {
      const claim = await claimKey(lake, session, step)
      if ('receipt' in claim) return claim.receipt
      sight = claim.sight
      const moved = movedSince(sight)
      if (moved !== undefined) {
        throw new CommitConflict(
          `${moved} was committed to after ${step.key} had read it; the step is to be derived again`,
        )
      }
    }
    assertInForce(step.key, preparation.inputs, sight.rollbacks)
    try {
      return await commitOnce(lake, session, step, preparation, sight)
    } catch (error) {
      const outcome = await settle(lake, step.key, error)
      if (outcome !== undefined) return outcome
      if (attempt >= attemptsAtTransaction) {
        throw new CommitConflict(`${step.stage.name} is being written by others; ${attempt} attempts collided`, {
          cause: error,
        })
      }
      watchOf(lake).collided(step)
      if (!(error instanceof FenceMoved)) await sleep(Math.random() * 50 * 2 ** attempt)
    }
    sight = undefined
  }
}

const commitOnce = async (
  lake: Lake,
  session: Session,
  step: Step,
  preparation: Preparation,
  { versions, snapshotId: seen }: Sight,
): Promise<Receipt> => {
  await lake.failpoint('commit.before_begin')
  try {
    const receipt = await session.transaction(async () => {
      await raiseFences(session, namesOf(step), versions)
      await lake.failpoint('commit.fenced')
      return write(lake, session, step, preparation)
    })
    await lake.failpoint('commit.committed')
    const snapshotId = await ownSnapshot(session, step.key, seen + 1)
    // What a step did beside its rows, such as marking receipts, is for the lake to tell.
    if (preparation.finish === undefined) lake.committedKeys.remember(step.key, namesOf(step), snapshotId)
    return { ...receipt, snapshotId }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    await lake.failpoint('commit.refused')
    const { key, stage, name } = step
    await session.transaction(() => recordRefusal(session, { key, stage: stage.name, step: name }, error.records))
    throw new QualityRejected(error.message)
  }
}

/** Blocking checks failed: carries the verdicts out of the transaction, which is rolled back. */
class Refused extends Error {
  constructor(readonly records: readonly DatasetRecord[]) {
    super(refusalsOf(records).join('\n'))
  }
}

const write = async (
  lake: Lake,
  session: Session,
  step: Step,
  { writes, inputs, derivationFingerprint, finish }: Preparation,
): Promise<Omit<Receipt, 'snapshotId'>> => {
  const inspected: DatasetRecord[] = []
  for (const each of writes) inspected.push(await inspect(session, each))
  if (refusalsOf(inspected).length > 0) throw new Refused(inspected)
  await lake.failpoint('commit.checked')
  const records: DatasetRecord[] = []
  for (const [index, record] of inspected.entries()) {
    const each = writes[index]
    if (each !== undefined) records.push({ ...record, row_count: await applyWrite(session, each) })
    await lake.failpoint('commit.mid_write')
  }
  await finish?.(session)
  await lake.failpoint('commit.written')
  const receipt = {
    key: step.key,
    stage: step.stage.name,
    step: step.name,
    rows: Object.fromEntries(records.map(({ dataset, row_count }) => [dataset, row_count])),
    contentHashes: Object.fromEntries(records.map(({ dataset, checksum }) => [dataset, checksum])),
    inputs,
    parameters: step.parameters ?? {},
    ...(derivationFingerprint === undefined ? {} : { derivationFingerprint }),
    committedAt: new Date().toISOString(),
  }
  await recordReceipt(session, receipt, records, step.message, step.provenance)
  await lake.failpoint('commit.receipt_written')
  await sign(session, step, inputs)
  await lake.failpoint('commit.before_commit')
  return receipt
}

/** Says in the snapshot itself who made it, for readers that know nothing of meta. */
const sign = async (session: Session, { key, name, message, provenance }: Step, inputs: Preparation['inputs']) => {
  const { pipeline, codeVersion, workflowId, runId, attempt } = provenance
  await session.run(`CALL lake.set_commit_message($author, $message, extra_info => $extra)`, {
    author: `tributary/${pipeline}`,
    message,
    extra: JSON.stringify({ key, workflowId, runId, step: name, attempt, codeVersion, inputs }),
  })
}
