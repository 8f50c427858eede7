import { cancellationSignal } from '@temporalio/activity'
import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { tradersGold } from '../../schemas/traders/gold/stage.js'
import { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import type { Receipt } from '../receipt.js'
import { stage } from '../write.js'
import type { TradersDependencies } from './dependencies.js'
import { toWebhookRow } from './gold_webhook_row.js'
import { syncWebhook as watch } from './helius_webhook.js'

export interface SyncWebhookRequest {
  readonly asOf: string
  /** The snapshot that holds the run's ranking. */
  readonly snapshotId: number
  readonly webhook: SmartTradersInput['webhook']
}

export interface SyncedWebhook {
  readonly receipt: Receipt
  /** For a person: how it ended. */
  readonly note: string
}

/**
 * Has Helius watch the best wallets of the run and commits what was sent and confirmed. A webhook that is refused, unreachable or
 * not set up does not fail the run: it is what the row says, and the next run tries again.
 */
export const syncWebhook = (dependencies: TradersDependencies, request: SyncWebhookRequest): Promise<SyncedWebhook> => {
  const { lake, codeVersion, helius, webhook } = dependencies
  const { asOf, snapshotId } = request
  const { top } = request.webhook
  return lake.session(async (session) => {
    const addresses = await bestWallets(session, snapshotId, top)
    const receipt = await commit(lake, {
      stage: tradersGold,
      name: 'sync_webhook',
      key: commitKey({
        pipeline: 'traders',
        logicalRun: asOf,
        step: 'sync_webhook',
        decidedBy: [snapshotId, addresses, codeVersion],
      }),
      message: `webhook for ${addresses.length} wallets as of ${asOf}`,
      provenance: currentProvenance('traders', asOf, codeVersion),
      prepare: async (own) => {
        await lake.failpoint('webhook.before_send')
        const result = await watch(helius, { ...webhook, addresses }, { signal: cancellationSignal() })
        await lake.failpoint('webhook.sent')
        const row = toWebhookRow(new Date(asOf), top, result)
        const staged = await stage(own, webhookSubscription, [row])
        return {
          inputs: { [tradersGold.name]: snapshotId },
          writes: [
            { table: webhookSubscription, staged, replaces: { kind: 'keys', columns: ['as_of'], relation: staged } },
          ],
        }
      },
    })
    return { receipt, note: await readNote(session, asOf) }
  })
}

/** The addresses of the ranking's first wallets, as of a snapshot. */
export const bestWallets = async (session: Session, snapshotId: number, top: number): Promise<string[]> => {
  const rows = await session.all(
    `SELECT wallet_address FROM ${atSnapshot('traders_gold.smart_wallets', snapshotId)} ORDER BY rank LIMIT $top`,
    { top: BigInt(top) },
  )
  return rows.map(({ wallet_address }) => String(wallet_address))
}

/** From the lake, so that a repeated attempt says what the first one did. */
const readNote = async (session: Session, asOf: string): Promise<string> => {
  const { status, message } = await session.one(
    'SELECT status, message FROM lake.traders_gold.webhook_subscription WHERE as_of = $as_of::TIMESTAMPTZ',
    { as_of: asOf },
  )
  return `${status}: ${message}`
}
