import type { Hono } from 'hono'
import { commitDeliveries } from '../../activities/traders/commit_deliveries.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Secret } from '../../infra/secret.js'
import { Spool } from '../../infra/spool/spool.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import { DeliveryDrain } from './delivery_drain.js'
import { heliusDeliveries } from './routes/helius_deliveries.js'

export interface ReceiverOptions {
  readonly lake: Lake
  readonly codeVersion: string
  /** Where deliveries lie until they are in the lake. One receiver's only. */
  readonly folder: string
  readonly secrets: readonly Secret[]
  /** Told after deliveries were committed. */
  readonly committed: () => Promise<void>
  readonly log: (line: string) => void
}

export interface WebhookReceiver {
  readonly router: Hono
  /** Bytes that were acknowledged and are not in the lake yet. */
  waitingBytes(): number
  close(): Promise<void>
}

/** Receives Helius' deliveries: onto the disk before they are acknowledged, and from there into `traders_bronze.webhook_events`. */
export const openWebhookReceiver = async (options: ReceiverOptions): Promise<WebhookReceiver> => {
  const { lake, codeVersion, folder, secrets, committed, log } = options
  const spool = await Spool.open({ folder })
  const drain = new DeliveryDrain({
    spool,
    commit: (batch) =>
      commitDeliveries(lake, batch, {
        pipeline: tradersLive.name,
        logicalRun: `webhook/${batch.id}`,
        attempt: 1,
        codeVersion,
      }),
    committed,
    log,
    failpoint: lake.failpoint,
  })
  drain.start()
  return {
    router: heliusDeliveries({ spool, secrets, taken: () => drain.taken() }),
    waitingBytes: () => spool.bytes,
    close: async () => {
      await drain.stop()
      await spool.close()
    },
  }
}
