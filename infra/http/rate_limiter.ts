import type { Clock } from './clock.js'

/** At most `requests` in any span of `perMs`: a sliding window, so that a burst after a pause cannot exceed a limit either. */
export interface RateLimit {
  readonly requests: number
  readonly perMs: number
}

/** Lets callers pass one after another, in the order they came, as fast as the limit allows. */
export class RateLimiter {
  /** When each of the last `requests` passes took or takes place, oldest first. */
  #passes: number[] = []
  #pausedUntil = Number.NEGATIVE_INFINITY

  constructor(
    private readonly limit: RateLimit,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the caller may go on. Rejects with the signal's reason; the place in the queue is then used up all the same. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const now = this.clock.now()
    const first = this.#passes.length < this.limit.requests ? now : (this.#passes.shift() ?? now) + this.limit.perMs
    const at = Math.max(now, first, this.#passes.at(-1) ?? now, this.#pausedUntil)
    this.#passes.push(at)
    if (at > now) await this.clock.sleep(at - now, signal)
    // Whoever waited through a pause queues again, or all of them would pass at its end.
    if (this.#pausedUntil > this.clock.now()) await this.pass(signal)
  }

  /** Nobody passes for this long, not even those who are waiting: the other side has said that it is too much. */
  pause(durationMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.clock.now() + durationMs)
  }
}
