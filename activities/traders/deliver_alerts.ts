import { cancellationSignal } from '@temporalio/activity'
import { SourceUnavailable, WebhookRefused } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { currentSnapshotId } from '../../infra/lake/version.js'
import type { Row } from '../../schemas/table.js'
import { traderAlerts } from '../../schemas/traders/gold/trader_alerts.js'
import { alertDeliveries } from '../../schemas/traders/live/alert_deliveries.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import type { Receipt } from '../receipt.js'
import { stage } from '../write.js'
import { namedReceivers } from './alert_receivers.js'
import type { TradersDependencies } from './dependencies.js'

export interface DeliveriesRequest {
  readonly asOf: string
}

export interface DeliveredAlerts {
  /** Nothing where nothing was due. */
  readonly receipt?: Receipt
  readonly note: string
  /** How long until the next delivery is due, where one is pending. */
  readonly nextInMs?: number
}

type Delivery = Row<typeof alertDeliveries>

/** Fits the two minutes that a delivery may take: 8 at once, 10 s each, when nobody answers. */
const atATime = 64
const concurrent = 8
/** The waits between attempts that Standard Webhooks recommends: a day and some in all, then it is given up. */
const waitsS = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 36_000]

/**
 * Sends what the outbox holds and is due, and marks what became of each as one commit. Whoever is stopped between the two has the same sent
 * again, under the same id. Only one process sends at a time, as long as none hangs.
 */
export const deliverAlerts = (
  dependencies: TradersDependencies,
  request: DeliveriesRequest,
): Promise<DeliveredAlerts> => {
  const { lake } = dependencies
  return lake.exclusively('alert_deliveries', () =>
    lake.session(async (session) => {
      const due = await pendingDeliveries(session)
      const receipt = due.length === 0 ? undefined : await sendAndMark(dependencies, request, session, due)
      const next = await session.one(
        `SELECT epoch_ms(min(next_attempt_at)) AS at FROM ${inLake(alertDeliveries.name)} WHERE status = 'pending'`,
      )
      const nextInMs = next['at'] === null ? {} : { nextInMs: Math.max(0, Number(next['at']) - Date.now()) }
      return { ...(receipt === undefined ? {} : { receipt }), note: `${due.length} tried`, ...nextInMs }
    }),
  )
}

interface Due {
  readonly delivery: Delivery
  readonly body: string
}

const pendingDeliveries = async (session: Session): Promise<Due[]> => {
  const rows = await session.all(
    `SELECT delivery_id, alert_id, receiver, attempts, epoch_ms(next_attempt_at) AS next_attempt_ms, last_error, kind,
      strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS occurred_at, strftime(raised_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS raised_at,
      wallet_address, token_address, signature, message, details
    FROM ${inLake(alertDeliveries.name)} JOIN ${inLake(traderAlerts.name)} USING (alert_id)
    WHERE status = 'pending' AND next_attempt_at <= $now::TIMESTAMPTZ ORDER BY next_attempt_at, delivery_id LIMIT $limit`,
    { now: new Date().toISOString(), limit: BigInt(atATime) },
  )
  return rows.map((row) => ({ delivery: toDelivery(row), body: bodyOf(row) }))
}

const toDelivery = (row: JsonRow): Delivery => ({
  delivery_id: String(row['delivery_id']),
  alert_id: String(row['alert_id']),
  receiver: String(row['receiver']),
  status: 'pending',
  attempts: Number(row['attempts']),
  next_attempt_at: new Date(Number(row['next_attempt_ms'])),
  last_error: row['last_error'] === null ? null : String(row['last_error']),
  delivered_at: null,
})

/** From the stored alert alone, so that every attempt has the same body. */
const bodyOf = ({
  alert_id,
  kind,
  occurred_at,
  raised_at,
  wallet_address,
  token_address,
  signature,
  message,
  details,
}: JsonRow) =>
  JSON.stringify({
    type: `trader_alert.${kind}`,
    timestamp: occurred_at,
    data: {
      alert_id,
      raised_at,
      wallet_address,
      token_address,
      signature,
      message,
      details: JSON.parse(String(details)),
    },
  })

const sendAndMark = async (
  dependencies: TradersDependencies,
  { asOf }: DeliveriesRequest,
  session: Session,
  due: readonly Due[],
): Promise<Receipt> => {
  const { lake, codeVersion } = dependencies
  const marks = await sendAll(dependencies, due)
  await lake.failpoint('alert.sent')
  const snapshotId = await currentSnapshotId(session)
  return commit(lake, {
    stage: tradersLive,
    name: 'deliver_alerts',
    key: commitKey({
      pipeline: tradersLive.name,
      logicalRun: asOf,
      step: 'deliver_alerts',
      decidedBy: marks.map(({ delivery_id, attempts }) => [delivery_id, attempts]),
    }),
    message: `${marks.filter(({ status }) => status === 'delivered').length} of ${marks.length} alerts delivered`,
    provenance: currentProvenance(tradersLive.name, asOf, codeVersion),
    prepare: async (own) => {
      const staged = await stage(own, alertDeliveries, marks)
      return {
        inputs: { [tradersLive.name]: snapshotId },
        writes: [
          { table: alertDeliveries, staged, replaces: { kind: 'keys', columns: ['delivery_id'], relation: staged } },
        ],
      }
    },
  })
}

const sendAll = async (dependencies: TradersDependencies, due: readonly Due[]): Promise<Delivery[]> => {
  const marks: Delivery[] = []
  const queue = [...due]
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      cancellationSignal().throwIfAborted()
      marks.push(await sendOne(dependencies, next))
    }
  }
  await Promise.all(Array.from({ length: concurrent }, lane))
  return marks.sort((one, other) => (one.delivery_id < other.delivery_id ? -1 : 1))
}

const sendOne = async ({ alertReceivers }: TradersDependencies, { delivery, body }: Due): Promise<Delivery> => {
  const attempts = delivery.attempts + 1
  const url = namedReceivers(alertReceivers).get(delivery.receiver)
  const now = new Date()
  if (url === undefined || alertReceivers.webhook === undefined)
    return { ...delivery, status: 'given_up', last_error: 'the receiver is configured no more' }
  try {
    await alertReceivers.webhook.send(url, { id: delivery.delivery_id, body }, now)
    return { ...delivery, attempts, status: 'delivered', last_error: null, delivered_at: now }
  } catch (error) {
    if (!(error instanceof SourceUnavailable || error instanceof WebhookRefused)) throw error
    const waitS = waitsS[delivery.attempts]
    const isOver = error instanceof WebhookRefused || waitS === undefined
    const next_attempt_at = new Date(now.getTime() + (waitS ?? 0) * 1_000)
    return {
      ...delivery,
      attempts,
      next_attempt_at,
      status: isOver ? 'given_up' : 'pending',
      last_error: error.message,
    }
  }
}
