import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Delivery } from '../../activities/traders/commit_deliveries.js'
import { breather } from '../../infra/breather.js'
import { QualityRejected } from '../../infra/errors.js'
import type { Failpoint } from '../../infra/failpoint.js'
import type { Segment, Spool } from '../../infra/spool/spool.js'

export interface DrainOptions {
  readonly spool: Pick<Spool, 'sealed'>
  /** Commits a batch once for its id, however often it is called with it. */
  readonly commit: (batch: { readonly id: string; readonly deliveries: readonly Delivery[] }) => Promise<unknown>
  /** Told after deliveries were committed. What it throws is logged: whoever is told looks for what is new by itself. */
  readonly committed: () => Promise<void>
  readonly log: (line: string) => void
  readonly failpoint: Failpoint
  /** How long the first delivery of a batch waits for others. Default 2 s: a commit takes a tenth of it. */
  readonly waitMs?: number
  /** A batch is not held back once it has so many. Default 1,000. */
  readonly deliveries?: number
}

const delivery = z.object({ receivedAt: z.string(), body: z.string() })
const longestPauseMs = 30_000

/**
 * Carries what the receiver has put on the disk into the lake, in batches by time and number. A batch is a file of the spool, which is
 * removed when its commit is known; whoever finds it still there commits it again under the same key, which does nothing.
 */
export class DeliveryDrain {
  #waiting = 0
  #wake = (): void => undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(private readonly options: DrainOptions) {}

  /** Counts a delivery that is on the disk. */
  taken(): void {
    this.#waiting += 1
    if (this.#waiting === 1 || this.#waiting === (this.options.deliveries ?? 1_000)) this.#wake()
  }

  /** Begins with what an earlier process has left. */
  start(): void {
    this.#running = this.#run()
  }

  /** Ends after the batch under way. What is on the disk then is for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { log, waitMs = 2_000, deliveries = 1_000 } = this.options
    let failures = 0
    for (;;) {
      this.#waiting = 0
      try {
        await this.drain()
        failures = 0
      } catch (error) {
        failures += 1
        log(`deliveries wait on the disk: ${error instanceof Error ? error.message : error}`)
        await this.#woken(Math.min(longestPauseMs, 500 * 2 ** failures))
        if (this.#stopped) return
        continue
      }
      if (!this.#stopped && this.#waiting === 0) await this.#woken()
      if (this.#stopped) return
      if (this.#waiting < deliveries) await this.#woken(waitMs)
      if (this.#stopped) return
    }
  }

  /** Commits all that is on the disk. Throws where the lake does not take it; it is then still there. */
  async drain(): Promise<void> {
    let committed = 0
    for (const segment of await this.options.spool.sealed()) {
      if (this.#stopped) return
      committed += await this.#carry(segment)
    }
    if (committed === 0) return
    await this.options.committed().catch((error: unknown) => this.options.log(`nobody could be told: ${error}`))
  }

  async #carry(segment: Segment): Promise<number> {
    const { commit, log, failpoint } = this.options
    const { records, damaged } = await segment.read()
    const deliveries: Delivery[] = []
    const breathe = breather()
    for (const record of records) {
      await breathe()
      deliveries.push(delivery.parse(JSON.parse(record)))
    }
    try {
      if (deliveries.length > 0) await commit({ id: segment.id, deliveries })
    } catch (error) {
      if (!(error instanceof QualityRejected)) throw error
      log(`the deliveries of ${segment.id} are refused and set aside: ${error.message}`)
      await segment.setAside('refused')
      return 0
    }
    await failpoint('drain.committed')
    if (damaged > 0) {
      log(`${segment.id}: ${damaged} records are not what was written; the file is set aside`)
      await segment.setAside('damaged')
    } else {
      await segment.remove()
    }
    return deliveries.length
  }

  /** Resolves when deliveries or a stop call for it, or the time is over. */
  async #woken(withinMs?: number): Promise<void> {
    const awake = new AbortController()
    const called = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    const late =
      withinMs === undefined ? [] : [sleep(withinMs, undefined, { signal: awake.signal }).catch(() => undefined)]
    await Promise.race([called, ...late])
    awake.abort()
    this.#wake = () => undefined
  }
}
