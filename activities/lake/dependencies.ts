import type { Lake } from '../../infra/lake/lake.js'
import type { Published } from '../../schemas/domain.js'
import type { Stage } from '../../schemas/table.js'

/** What the activities on the whole lake work with. */
export interface LakeDependencies {
  readonly lake: Lake
  readonly codeVersion: string
  /** Of every domain. */
  readonly stages: readonly Stage[]
  /** What readers see, of every domain that publishes. */
  readonly published: readonly Published[]
}
