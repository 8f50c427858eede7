import type { Context } from '@temporalio/activity'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import type { Tracing } from '../tracing.js'

/** Makes a span of every activity, within the trace of its run. */
export class TraceInterceptor implements ActivityInboundCallsInterceptor {
  constructor(
    private readonly context: Context,
    private readonly tracing: Tracing,
  ) {}

  execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { activityType, attempt, workflowType, workflowExecution } = this.context.info
    const run =
      workflowExecution === undefined || workflowType === undefined ? undefined : { workflowType, ...workflowExecution }
    return this.tracing.activity(run, activityType, { attempt }, () => next(input))
  }
}
