import type { z } from 'zod'
import type { Stage } from './table.js'

/** A domain's main workflow, as people start it: `npx tributary run <domain>`. */
export interface Pipeline {
  readonly workflowType: string
  /** The business key that its workflow ids begin with. */
  readonly workflowIdPrefix: string
  /** `asOf` is the run's logical time; every field has a default. */
  readonly input: z.ZodType<{ asOf?: string | undefined }>
}

/** A domain's name is that of its folders and of its task queue; its stages stand in the order data flows through them. */
export interface Domain {
  readonly name: string
  readonly stages: readonly Stage[]
  readonly pipeline: Pipeline
}
