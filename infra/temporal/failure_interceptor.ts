import type { Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { ResultTooLarge, SourceUnavailable, TributaryError } from '../errors.js'

/** Well within the shortest heartbeat timeout of workflows/policies.ts. */
const heartbeatIntervalMs = 2_500
/** Temporal cuts failure text at 4 KiB; what matters stands first. */
const messageLimitCharacters = 3_000

/**
 * What a report for people needs, and an eighth of what Temporal begins to warn of. At 2 MiB the server refuses a result, and the SDK
 * has the activity done again for it.
 */
const resultLimitBytes = 64 * 1024

/**
 * The one place where our errors become Temporal's: the class name is the type, and whether to retry is the class's to say.
 * It heartbeats for the activity too, so that a dead worker is noticed and cancellation arrives, and refuses a result too large to travel.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  constructor(private readonly context: Context) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { heartbeatTimeoutMs } = this.context.info
    const beating = heartbeatTimeoutMs ? setInterval(() => this.context.heartbeat(), heartbeatIntervalMs) : undefined
    try {
      return withinLimit(await next(input))
    } catch (error) {
      throw toFailure(error)
    } finally {
      clearInterval(beating)
    }
  }
}

const withinLimit = (result: unknown): unknown => {
  const bytes = Buffer.byteLength(JSON.stringify(result) ?? '')
  if (bytes <= resultLimitBytes) return result
  throw new ResultTooLarge(
    `the activity’s result has ${bytes} bytes, over ${resultLimitBytes}: rows stay in the lake, only a receipt travels. What it committed stands`,
  )
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
