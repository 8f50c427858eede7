import { SourceUnavailable } from '../errors.js'
import type { Clock } from './clock.js'

/** Short faults are waited out here; what lasts longer is the workflow's to retry. */
export interface RetryPolicy {
  readonly attempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** A source that asks for a longer wait is left alone, and the wait told to the caller. */
  readonly maxRetryAfterMs: number
}

/** 1, 2, 4, 8, 16 s at most, as BirdEye's own clients do; together half a minute. */
export const shortFaults: RetryPolicy = {
  attempts: 6,
  firstDelayMs: 1_000,
  maxDelayMs: 16_000,
  maxRetryAfterMs: 30_000,
}

/**
 * Calls `attempt` until it does not throw SourceUnavailable, waiting in between as long as the source asked for, else twice as
 * long each time with full jitter (so that callers turned away together do not come back together). The last error is thrown.
 */
export const withRetries = async <Result>(
  attempt: () => Promise<Result>,
  { attempts, firstDelayMs, maxDelayMs, maxRetryAfterMs }: RetryPolicy,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result> => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof SourceUnavailable) || tried >= attempts) throw error
      if (error.retryAfterMs !== undefined && error.retryAfterMs > maxRetryAfterMs) throw error
      const backoffMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (tried - 1)) * clock.random()
      await clock.sleep(error.retryAfterMs ?? backoffMs, signal)
    }
  }
}
