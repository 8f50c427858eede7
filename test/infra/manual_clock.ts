import type { Clock } from '../../infra/http/clock.js'

export interface ManualClock extends Clock {
  /** Every wait asked for, in milliseconds. */
  readonly sleeps: number[]
}

/** Time that passes only by sleeping, at once; chance that always says `random`. */
export const manualClock = (random = 1): ManualClock => {
  let nowMs = 0
  const sleeps: number[] = []
  return {
    sleeps,
    now: () => nowMs,
    random: () => random,
    sleep: async (durationMs, signal) => {
      signal?.throwIfAborted()
      sleeps.push(durationMs)
      const wakeAt = nowMs + durationMs
      await new Promise((resolve) => setImmediate(resolve))
      nowMs = Math.max(nowMs, wakeAt)
    },
  }
}
