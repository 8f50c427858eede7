import type { Lake } from '../../infra/lake/lake.js'
import type { Secret } from '../../infra/secret.js'
import type { AlertReceivers } from './alert_receivers.js'
import type { BirdEye } from './birdeye.js'
import type { Helius } from './helius.js'

/** What the traders' activities work with. */
export interface TradersDependencies {
  readonly lake: Lake
  readonly codeVersion: string
  readonly birdEye: Pick<BirdEye, 'within'>
  readonly helius: Helius
  /** Where Helius is to deliver; nothing where the user has not said. */
  readonly webhook: { readonly url?: string; readonly auth?: Secret }
  /** Who is told of alerts. */
  readonly alertReceivers: AlertReceivers
}
