import path from 'node:path'
import type { Client } from '@temporalio/client'
import type { Config } from '../../infra/config.js'
import { traderActivity, traders } from '../../schemas/traders/index.js'
import { openConfiguredLake, standaloneCatalog } from '../lake_access.js'
import { openWebhookReceiver, type WebhookReceiver } from './webhook_receiver.js'

/** It stages a few thousand events at a time. */
const memoryShare = 0.05
/** Of which one works at a time: further deliveries are told to it. */
const workflowId = `${traderActivity.workflowIdPrefix}/deliveries`

/**
 * The receiver of the configuration, or nothing where no secret is configured: without one nobody's deliveries could be told from Helius'. It has a
 * lake of its own, as that of the pages is read-only.
 */
export const openConfiguredReceiver = async (
  config: Config,
  temporal: Client | undefined,
  codeVersion: string,
  log: (line: string) => void,
): Promise<WebhookReceiver | undefined> => {
  const { auth, previousAuth } = config.webhook
  if (auth === undefined) return undefined
  const catalog = standaloneCatalog(config)
  const lake = await openConfiguredLake(config, catalog, { readOnly: false, memoryShare, spill: 'receiver', log })
  try {
    const receiver = await openWebhookReceiver({
      lake,
      codeVersion,
      folder: path.join(config.home, 'deliveries'),
      secrets: previousAuth === undefined ? [auth] : [auth, previousAuth],
      committed: async () => {
        await temporal?.workflow.signalWithStart(traderActivity.workflowType, {
          taskQueue: traders.name,
          workflowId,
          signal: 'deliveriesCommitted',
          args: [{}],
        })
      },
      log,
    })
    return {
      ...receiver,
      close: async () => {
        await receiver.close()
        await lake.close()
      },
    }
  } catch (error) {
    await lake.close()
    throw error
  }
}
