import { createHash } from 'node:crypto'
import type { OutgoingWebhook } from '../../infra/http/outgoing_webhook.js'
import type { Secret } from '../../infra/secret.js'

export interface AlertReceivers {
  /** Their paths and queries may hold what only the receiver is to know. */
  readonly urls: readonly Secret[]
  /** Absent: alerts are kept and told to nobody. */
  readonly webhook?: OutgoingWebhook
}

/** The receivers by the name that the outbox knows them by: the host, and a fingerprint that tells URLs of one host apart. */
export const namedReceivers = ({ urls, webhook }: AlertReceivers): ReadonlyMap<string, string> =>
  webhook === undefined ? new Map() : new Map(urls.map((url) => [nameOf(url.reveal()), url.reveal()]))

const nameOf = (url: string): string =>
  `${new URL(url).host}#${createHash('sha256').update(url).digest('hex').slice(0, 12)}`

/** The `webhook-id` of an alert for a receiver, the same for ever. */
export const deliveryId = (alertId: string, receiver: string): string =>
  `msg_${createHash('sha256').update(`${alertId}\n${receiver}`).digest('hex').slice(0, 32)}`
