import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance, given to what waits, so that a test can wait without waiting. */
export interface Clock {
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** Rejects with the signal's reason when it is aborted. */
  readonly sleep: (durationMs: number, signal?: AbortSignal) => Promise<void>
  /** Even over [0, 1). */
  readonly random: () => number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (durationMs, signal) => {
    try {
      await delay(durationMs, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
  random: Math.random,
}
