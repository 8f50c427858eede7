import type { Lake } from '../../infra/lake/lake.js'
import type { Stage } from '../../schemas/table.js'

/** What the activities on the whole lake work with. */
export interface LakeDependencies {
  readonly lake: Lake
  readonly codeVersion: string
  /** Of every domain. */
  readonly stages: readonly Stage[]
}
