import type { Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { SourceUnavailable, TributaryError } from '../errors.js'

/** Well within the shortest heartbeat timeout of workflows/policies.ts. */
const heartbeatIntervalMs = 2_500
/** Temporal cuts failure text at 4 KiB; what matters stands first. */
const messageLimitCharacters = 3_000

/**
 * The one place where our errors become Temporal's: the class name is the type, and whether to retry is the class's to say.
 * It heartbeats for the activity too, so that a dead worker is noticed and cancellation arrives.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  constructor(private readonly context: Context) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { heartbeatTimeoutMs } = this.context.info
    const beating = heartbeatTimeoutMs ? setInterval(() => this.context.heartbeat(), heartbeatIntervalMs) : undefined
    try {
      return await next(input)
    } catch (error) {
      throw toFailure(error)
    } finally {
      clearInterval(beating)
    }
  }
}

const toFailure = (error: unknown): unknown => {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error
  const message = (error instanceof Error ? error.message : String(error)).slice(0, messageLimitCharacters)
  const type = error instanceof Error ? error.name : 'Error'
  if (!(error instanceof TributaryError)) return ApplicationFailure.create({ message, type })
  const delay = error instanceof SourceUnavailable ? error.retryAfterMs : undefined
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: !error.retryable,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  })
}
