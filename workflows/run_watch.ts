import {
  isCancellation,
  type Next,
  proxySinks,
  type Sinks,
  type WorkflowExecuteInput,
  type WorkflowInboundCallsInterceptor,
  type WorkflowInterceptorsFactory,
} from '@temporalio/workflow'

/** What a worker may hear of the runs it carries. */
export interface RunSinks extends Sinks {
  readonly runs: { ended(outcome: string): void }
}

const { runs } = proxySinks<RunSinks>()

/** Tells the worker how a run ended. It gives Temporal no command, so histories are as without it. */
class RunWatch implements WorkflowInboundCallsInterceptor {
  async execute(input: WorkflowExecuteInput, next: Next<WorkflowInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      const result = await next(input)
      runs.ended('completed')
      return result
    } catch (error) {
      runs.ended(isCancellation(error) ? 'cancelled' : 'failed')
      throw error
    }
  }
}

export const interceptors: WorkflowInterceptorsFactory = () => ({ inbound: [new RunWatch()] })
