import { ApplicationFailure } from '@temporalio/common'

export interface FanOut {
  readonly batches: number
  /** How many of them at once. */
  readonly concurrent: number
}

/**
 * A tenth of what the server allows to be pending in one workflow (2,000): past its limit it fails the workflow's task and not the
 * workflow, which then tries the same for ever.
 */
export const widestFanOut = 200
/** A batch takes some 7 events, and the server ends a workflow at 51,200. */
export const longestFanOut = 5_000

/** Throws InvalidInput, not retryable, for a step that the server would choke on, before anything of it is begun. */
export const assertFanOut = (step: string, { batches, concurrent }: FanOut): void => {
  const refuse = (what: string, mend: string): never => {
    throw ApplicationFailure.nonRetryable(`The step ${step} ${what}; ${mend}`, 'InvalidInput')
  }
  const wide = Math.min(batches, concurrent)
  if (wide > widestFanOut) {
    refuse(`would have ${wide} activities pending, over ${widestFanOut}`, 'let fewer of its batches run at once')
  }
  if (batches > longestFanOut) {
    refuse(`has ${batches} batches, over ${longestFanOut}`, 'make its batches larger, or the run smaller')
  }
}
