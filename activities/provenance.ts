import { activityInfo } from '@temporalio/activity'
import type { Provenance } from './receipt.js'

/** Who is committing, as the running activity knows it. */
export const currentProvenance = (pipeline: string, logicalRun: string, codeVersion: string): Provenance => {
  const { workflowExecution, attempt } = activityInfo()
  return {
    pipeline,
    logicalRun,
    attempt,
    codeVersion,
    ...(workflowExecution === undefined
      ? {}
      : { workflowId: workflowExecution.workflowId, runId: workflowExecution.runId }),
  }
}
