import type { Lake } from '../../infra/lake/lake.js'
import type { DataConfig } from '../../infra/resources.js'

/** What the billing activities work with. */
export interface BillingDependencies {
  readonly lake: Lake
  readonly codeVersion: string
  /** Where AWS delivers its reports; absent where the user has not said. */
  readonly billingSource?: DataConfig
}
