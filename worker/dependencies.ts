import { BirdEye } from '../activities/traders/birdeye.js'
import { Helius } from '../activities/traders/helius.js'
import type { Config } from '../infra/config.js'
import { OutgoingWebhook } from '../infra/http/outgoing_webhook.js'
import type { SourceWatch } from '../infra/http/source_watch.js'
import type { Lake } from '../infra/lake/lake.js'
import { present } from '../infra/optional.js'
import { type Dependencies, whatIsDefined } from './domains.js'

/** What the activities of this process work with, made once from the configuration. */
export const createDependencies = (
  config: Config,
  lake: Lake,
  codeVersion: string,
  watch: SourceWatch,
): Dependencies => ({
  lake,
  codeVersion,
  ...whatIsDefined(),
  birdEye: new BirdEye({ ...config.birdeye, watch }),
  helius: new Helius({ ...config.helius, watch }),
  webhook: config.webhook,
  ...present({ billingSource: config.billingSource }),
  alertReceivers: alertReceivers(config.alerts),
})

const alertReceivers = ({ urls, secret, allowLoopback }: Config['alerts']): Dependencies['alertReceivers'] =>
  secret === undefined ? { urls: [] } : { urls, webhook: new OutgoingWebhook({ secret, allowLoopback }) }
