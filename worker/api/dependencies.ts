import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { ReadOnlyQueries } from '../../infra/lake/read_only_query.js'
import type { Metrics } from '../../infra/metrics.js'
import type { Secret } from '../../infra/secret.js'
import type { WebhookReceiver } from './webhook_receiver.js'

/** What the routes work with, made once from the configuration. */
export interface ApiDependencies {
  readonly config: Config
  /** Read-only. */
  readonly lake: Lake
  /** Absent where no Temporal is configured; calls fail, each by itself, while the server is away. */
  readonly temporal: Client | undefined
  /** For SQL that anybody wrote; absent in tests that ask none. */
  readonly queries?: ReadOnlyQueries
  /** Whoever shows it may change things. */
  readonly token: Secret
  /** What this process counts; a route may count more in its registry. */
  readonly metrics: Metrics
  readonly codeVersion: string
  /** Absent where no secret of Helius' deliveries is configured. */
  readonly receiver?: WebhookReceiver | undefined
  readonly log: (line: string) => void
}
