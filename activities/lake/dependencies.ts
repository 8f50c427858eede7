import type { Lake } from '../../infra/lake/lake.js'
import type { Pipeline, Published } from '../../schemas/domain.js'
import type { Timing } from '../../schemas/schedule.js'
import type { Stage } from '../../schemas/table.js'

/** What the activities on the whole lake work with. */
export interface LakeDependencies {
  readonly lake: Lake
  readonly codeVersion: string
  /** Of every domain. */
  readonly stages: readonly Stage[]
  /** What readers see, of every domain that publishes. */
  readonly published: readonly Published[]
  /** The pipelines whose runs are of windows. Default: none. */
  readonly backfilled?: readonly BackfilledPipeline[]
}

/** A pipeline whose runs for times past can be made up for. */
export interface BackfilledPipeline {
  readonly name: string
  readonly taskQueue: string
  readonly workflowType: string
  readonly workflowIdPrefix: string
  /** The step whose commit says that the run of a window is there. */
  readonly closingStep: string
  readonly input: Pipeline['input']
  /** Its windows, where it has a schedule. */
  readonly schedule?: { readonly when: Timing; readonly timeZone: string }
}
