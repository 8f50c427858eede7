import { z } from 'zod'
import { madeSnapshotId } from '../../schemas/meta/commits.js'
import { fenceVersion } from './fence_version.js'
import { atSnapshot } from './identifier.js'
import type { Session } from './session.js'
import { currentSnapshotId } from './version.js'

/** What is known of a key and of the stages its step writes, as of one snapshot. */
export interface Sight {
  readonly snapshotId: number
  /** Whether there is, or was, a commit under the key. */
  readonly committed: boolean
  /** How often each stage has been committed to, by its name. */
  readonly versions: ReadonlyMap<string, number>
  /** The rollbacks in force, of all domains. */
  readonly rollbacks: readonly Rollback[]
}

/** The stages of `domain` are at `snapshotId` what they were at `to`: what was made between is taken back. */
export interface Rollback {
  readonly domain: string
  readonly to: number
  readonly snapshotId: number
}

const target = z.object({ domain: z.string(), to: z.number() })

/**
 * The keys committed to the lake, as this process remembers them. Reading them costs more than a small commit does, so they are read
 * once and kept up to a snapshot; a lake that has a newer one by another writer is asked for what it added.
 */
export class CommittedKeys {
  readonly #keys = new Set<string>()
  readonly #rollbacks = new Map<string, Rollback>()
  #versions = new Map<string, number>()
  #snapshotId = -1
  #turn: Promise<unknown> = Promise.resolve()

  /** What the lake's newest snapshot says. */
  look(session: Session, key: string, stages: readonly string[]): Promise<Sight> {
    const sight = this.#turn.then(async () => {
      await this.#catchUp(session)
      for (const stage of stages) {
        if (!this.#versions.has(stage)) this.#versions.set(stage, await fenceVersion(session, stage, this.#snapshotId))
      }
      const versions = new Map(stages.map((stage) => [stage, this.#versions.get(stage) ?? 0]))
      return {
        snapshotId: this.#snapshotId,
        committed: this.#keys.has(key),
        versions,
        rollbacks: [...this.#rollbacks.values()],
      }
    })
    this.#turn = sight.catch(() => undefined)
    return sight
  }

  /** Remembers a commit of this process, which raised the stages' fences by one. */
  remember(key: string, stages: readonly string[], snapshotId: number): void {
    this.#turn = this.#turn.then(() => {
      // Where another snapshot lies between, the next look asks the lake.
      if (snapshotId !== this.#snapshotId + 1) return
      this.#snapshotId = snapshotId
      this.#keys.add(key)
      for (const stage of stages) {
        const version = this.#versions.get(stage)
        if (version !== undefined) this.#versions.set(stage, version + 1)
      }
    })
  }

  async #catchUp(session: Session): Promise<void> {
    const newest = await currentSnapshotId(session)
    if (newest === this.#snapshotId) return
    // A catalog that went back was restored from a copy: nothing remembered of it holds.
    const since = newest < this.#snapshotId ? -1 : this.#snapshotId
    const rows = await session.all(
      `SELECT commit_key, undone_by, ${madeSnapshotId} AS made, CASE WHEN step = 'rollback' THEN parameters END AS target
      FROM ${atSnapshot('meta.commits', newest)} WHERE snapshot_id > $since`,
      { since: BigInt(since) },
    )
    if (since < 0) {
      this.#keys.clear()
      this.#rollbacks.clear()
    }
    for (const row of rows) {
      const key = String(row['commit_key'])
      this.#keys.add(key)
      if (row['target'] === null) continue
      const { domain, to } = target.parse(JSON.parse(String(row['target'])))
      if (row['undone_by'] === null) this.#rollbacks.set(key, { domain, to, snapshotId: Number(row['made']) })
      else this.#rollbacks.delete(key)
    }
    this.#versions = new Map()
    this.#snapshotId = newest
  }
}
