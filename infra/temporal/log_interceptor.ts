import type { Context } from '@temporalio/activity'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import type { Log, LogFields } from '../log.js'

/** Says of every activity how it ended: who asked for it, which attempt it was, and which snapshot it made. */
export class LogInterceptor implements ActivityInboundCallsInterceptor {
  constructor(
    private readonly context: Context,
    private readonly log: Log,
  ) {}

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const begunAt = performance.now()
    const { activityType, attempt, workflowType, workflowExecution } = this.context.info
    const ended = (message: string, fields: LogFields, level: 'info' | 'warn') =>
      this.log(
        `${activityType} ${message}`,
        {
          activity: activityType,
          attempt,
          workflowType,
          workflowId: workflowExecution?.workflowId,
          runId: workflowExecution?.runId,
          seconds: Math.round(performance.now() - begunAt) / 1000,
          ...fields,
        },
        level,
      )
    try {
      const result = await next(input)
      ended('done', receiptFields(result), 'info')
      return result
    } catch (error) {
      const [type, reason] = error instanceof Error ? [typeOf(error), error.message] : ['Error', String(error)]
      ended(`failed: ${reason}`, { error: type }, 'warn')
      throw error
    }
  }
}

/** The class that errors.ts gave it: Temporal's own error says it in `type`. */
const typeOf = (error: Error): string => ('type' in error && typeof error.type === 'string' ? error.type : error.name)

const receiptFields = (result: unknown): LogFields => {
  const receipt = propertyOf(result, 'receipt') ?? result
  const [stage, step, snapshotId] = ['stage', 'step', 'snapshotId'].map((name) => propertyOf(receipt, name))
  if (typeof stage !== 'string' || typeof step !== 'string' || typeof snapshotId !== 'number') return {}
  const rows = Object.values(propertyOf(receipt, 'rows') ?? {}).reduce((sum: number, count) => sum + Number(count), 0)
  return { stage, step, snapshotId, rows }
}

const propertyOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
