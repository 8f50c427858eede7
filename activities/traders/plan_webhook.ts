import { z } from 'zod'
import type { Session } from '../../infra/lake/session.js'
import { traders } from '../../schemas/traders/index.js'
import { currentPublication } from '../publish.js'
import type { TradersDependencies } from './dependencies.js'
import { bestWallets, type SyncWebhookRequest } from './sync_webhook.js'

export interface WebhookPlan {
  /** For a person: what `syncWebhook` would change. */
  readonly plan: string
  /** The logical time of a later run that is published. */
  readonly superseded?: string
}

/** More addresses would not be read by who approves. */
const namedWallets = 5
const addresses = z.array(z.string())

/** What `syncWebhook` would have Helius watch instead of what it was last seen to watch. Changes nothing. */
export const planWebhook = (
  { lake }: TradersDependencies,
  { asOf, snapshotId, webhook }: SyncWebhookRequest,
): Promise<WebhookPlan> =>
  lake.session(async (session) => {
    const wanted = await bestWallets(session, snapshotId, webhook.top)
    const watched = await watchedWallets(session)
    const [added, removed] = [without(wanted, watched), without(watched, wanted)]
    const plan = `Helius would watch ${wanted.length} wallets: ${named(added)} more, ${named(removed)} fewer`
    const published = await currentPublication(session, traders.published)
    const isOlder = published !== undefined && published.logicalRun > asOf
    return { plan, ...(isOlder ? { superseded: published.logicalRun } : {}) }
  })

const watchedWallets = async (session: Session): Promise<string[]> => {
  const [row] = await session.all(
    `SELECT confirmed_addresses FROM lake.traders_gold.webhook_subscription
    WHERE confirmed_addresses IS NOT NULL ORDER BY as_of DESC LIMIT 1`,
  )
  return row === undefined ? [] : addresses.parse(JSON.parse(String(row['confirmed_addresses'])))
}

const without = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((address) => !others.includes(address))

const named = (wallets: readonly string[]): string => {
  const shown = wallets.slice(0, namedWallets).join(', ')
  if (wallets.length === 0) return '0'
  return `${wallets.length} (${shown}${wallets.length > namedWallets ? ', …' : ''})`
}
