import { breather } from '../../infra/breather.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { rejectedRows } from '../../schemas/traders/bronze/rejected_rows.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { webhookBalances } from '../../schemas/traders/bronze/webhook_balances.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import type { Preparation } from '../commit.js'
import { commit } from '../commit.js'
import type { Provenance, Receipt } from '../receipt.js'
import { stage } from '../write.js'
import { distinctRejections, type RejectedRow, reject } from './bronze_rejections.js'
import { type BalanceRow, type EventRow, toWebhookEvent } from './webhook_event.js'

/** A delivery as the receiver took it: an authentic body that is a JSON array. */
export interface Delivery {
  readonly receivedAt: string
  readonly body: string
}

interface DeliveryBatch {
  /** Names the batch for ever: the same id has the same deliveries. */
  readonly id: string
  readonly deliveries: readonly Delivery[]
}

/**
 * Commits a batch of deliveries as one snapshot, once for its id. Transactions that are there already are left out, and what is no
 * transaction goes to rejected_rows with the reason, so that nothing of a delivery can keep the rest out.
 */
export const commitDeliveries = (
  lake: Lake,
  { id, deliveries }: DeliveryBatch,
  provenance: Provenance,
): Promise<Receipt> =>
  commit(lake, {
    stage: tradersBronze,
    key: `traders/webhook/${id}`,
    name: 'receive_deliveries',
    message: `${deliveries.length} deliveries of Helius`,
    provenance,
    prepare: async (session) => ({ inputs: {}, writes: await stageTransactions(session, tellings(deliveries)) }),
  })

/** One transaction that Helius told, as lossless JSON gives it. */
export interface ToldTransaction {
  readonly item: unknown
  readonly origin: 'delivered' | 'fetched'
  readonly receivedAt: Date
}

/** What deliveries told, one transaction after the other. */
export const tellings = function* (deliveries: readonly Delivery[]): Generator<ToldTransaction> {
  for (const { receivedAt, body } of deliveries) {
    const items = parseLossless(body)
    for (const item of Array.isArray(items) ? items : [items])
      yield { item, origin: 'delivered', receivedAt: new Date(receivedAt) }
  }
}

interface ReadTransactions {
  readonly events: readonly EventRow[]
  readonly balances: readonly BalanceRow[]
  readonly rejected: readonly RejectedRow[]
}

/** Transactions as rows, each once; what is none, with the reason. Others on this thread have their turns meanwhile. */
export const readTransactions = async (told: Iterable<ToldTransaction>): Promise<ReadTransactions> => {
  const events = new Map<string, EventRow>()
  const balances: BalanceRow[] = []
  const rejected: RejectedRow[] = []
  const breathe = breather()
  for (const { item, origin, receivedAt } of told) {
    await breathe()
    const read = toWebhookEvent(item, { origin, receivedAt })
    if ('refused' in read) {
      const endpoint = origin === 'delivered' ? 'Helius deliveries' : '/v0/transactions'
      rejected.push(reject({ asOf: receivedAt, endpoint, subject: '' }, item, read.refused))
    } else if (!events.has(read.event.signature)) {
      events.set(read.event.signature, read.event)
      balances.push(...read.balances)
    }
  }
  return { events: [...events.values()], balances, rejected: distinctRejections(rejected) }
}

/** Stages transactions for the three tables that hold what Helius told. */
export const stageTransactions = async (
  session: Session,
  told: Iterable<ToldTransaction>,
): Promise<Preparation['writes']> => {
  const { events, balances, rejected } = await readTransactions(told)
  const replaces = { kind: 'nothing' } as const
  return [
    { table: webhookEvents, staged: await stage(session, webhookEvents, events), replaces },
    { table: webhookBalances, staged: await stage(session, webhookBalances, balances), replaces },
    { table: rejectedRows, staged: await stage(session, rejectedRows, rejected), replaces },
  ]
}
