import { cancellationSignal } from '@temporalio/activity'
import { SourceChanged, SourceUnavailable, WebhookRefused } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { currentSnapshotId } from '../../infra/lake/version.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import { webhookChecks } from '../../schemas/traders/live/webhook_checks.js'
import type { TraderActivityInput } from '../../schemas/traders/trader_activity_input.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import type { Receipt } from '../receipt.js'
import { stage } from '../write.js'
import { stageTransactions } from './commit_deliveries.js'
import type { TradersDependencies } from './dependencies.js'
import { syncWebhook as watch } from './helius_webhook.js'
import { type Comparison, comparePolling } from './polling_comparison.js'

export interface CheckRequest {
  readonly asOf: string
  readonly check: TraderActivityInput['check']
}

export interface CheckedWebhook {
  /** Nothing where it was not due. */
  readonly receipt?: Receipt
  readonly note: string
}

const minuteMs = 60_000
/** Helius knows old transactions less and less well, and a run's history has them anyway. */
const lookBackMs = 7 * 24 * 60 * minuteMs
const perRequest = 100
/** A day's gap of ten busy wallets; more is left for the next check. */
const maxFetched = 1_000

/**
 * Sees that Helius has the webhook as the newest run wanted it, and mends it where not; compares what was delivered with what polling has
 * found; has Helius tell what is missing, which then is in traders_bronze.webhook_events as if it had been delivered. Whatever Helius does, it
 * is what the row says.
 */
export const checkWebhook = (dependencies: TradersDependencies, request: CheckRequest): Promise<CheckedWebhook> => {
  const { lake, codeVersion, helius, webhook } = dependencies
  const { asOf, check } = request
  const at = Date.parse(asOf)
  return lake.session(async (session) => {
    const { addresses, lastCheckMs, lastReceivedAt } = await situation(session)
    // A repeated attempt finds its own check, and is to say the same again.
    const isDue = lastCheckMs === undefined || lastCheckMs === at || at - lastCheckMs >= check.everyMinutes * minuteMs
    if (!isDue) return { note: 'not due' }
    if (addresses === undefined) return { note: 'no run has chosen wallets yet' }
    const signal = cancellationSignal()
    const found = toStatus(await watch(helius, { ...webhook, addresses }, { signal }))
    const snapshotId = await currentSnapshotId(session)
    const comparison = await comparePolling(session, {
      snapshotId,
      from: new Date(at - lookBackMs).toISOString(),
      until: new Date(at - check.graceMinutes * minuteMs).toISOString(),
    })
    const filled = await fillGaps(dependencies, asOf, comparison, signal)
    const receipt = await commit(lake, {
      stage: tradersLive,
      name: 'check_webhook',
      key: commitKey({
        pipeline: tradersLive.name,
        logicalRun: asOf,
        step: 'check_webhook',
        decidedBy: [check, codeVersion],
      }),
      message: `webhook as of ${asOf}: ${found.status}`,
      provenance: currentProvenance(tradersLive.name, asOf, codeVersion),
      prepare: async (own) => {
        const row = {
          as_of: new Date(asOf),
          status: found.status,
          message: [found.message, ...(filled.problem === undefined ? [] : [filled.problem])].join('; '),
          webhook_id: found.webhookId,
          is_active: found.isActive,
          last_received_at: lastReceivedAt ?? null,
          polled_trades: BigInt(comparison.polled),
          agreeing_trades: BigInt(comparison.agreeing),
          differing_trades: BigInt(comparison.differing),
          missed_transactions: BigInt(comparison.missed.length),
          fetched_transactions: BigInt(filled.fetched),
        }
        const staged = await stage(own, webhookChecks, [row])
        return {
          inputs: { [tradersLive.name]: snapshotId },
          writes: [{ table: webhookChecks, staged, replaces: { kind: 'keys', columns: ['as_of'], relation: staged } }],
        }
      },
    })
    const gap =
      comparison.missed.length === 0 ? '' : `, ${filled.fetched} of ${comparison.missed.length} missed fetched`
    return { receipt, note: `${found.status}${gap}` }
  })
}

const toStatus = ({ status, action, message, webhookId, isActive }: Awaited<ReturnType<typeof watch>>) => ({
  status: status === 'confirmed' ? (action === 'unchanged' ? 'active' : 'mended') : status,
  message,
  webhookId,
  isActive,
})

interface Situation {
  /** Whom the newest run wants watched. */
  readonly addresses: readonly string[] | undefined
  readonly lastCheckMs: number | undefined
  readonly lastReceivedAt: Date | undefined
}

const situation = async (session: Session): Promise<Situation> => {
  const [subscription] = await session.all(
    `SELECT sent_addresses FROM ${inLake(webhookSubscription.name)} ORDER BY as_of DESC LIMIT 1`,
  )
  const { checked, received } = await session.one(
    `SELECT (SELECT epoch_ms(max(as_of)) FROM ${inLake(webhookChecks.name)}) AS checked,
      (SELECT epoch_ms(max(received_at)) FROM ${inLake(webhookEvents.name)} WHERE origin = 'delivered') AS received`,
  )
  return {
    addresses: subscription === undefined ? undefined : JSON.parse(String(subscription['sent_addresses'])),
    lastCheckMs: checked == null ? undefined : Number(checked),
    lastReceivedAt: received == null ? undefined : new Date(Number(received)),
  }
}

/** Commits what Helius tells of missed transactions. What it does not tell is asked for again by the next check. */
const fillGaps = async (
  { lake, helius, codeVersion }: TradersDependencies,
  asOf: string,
  { missed }: Comparison,
  signal: AbortSignal,
): Promise<{ fetched: number; problem?: string }> => {
  const wanted = missed.slice(0, maxFetched)
  if (wanted.length === 0) return { fetched: 0 }
  const items: unknown[] = []
  let problem: string | undefined
  try {
    for (let from = 0; from < wanted.length; from += perRequest)
      items.push(...(await helius.transactions(wanted.slice(from, from + perRequest), signal)))
  } catch (error) {
    signal.throwIfAborted()
    const isHelius =
      error instanceof WebhookRefused || error instanceof SourceUnavailable || error instanceof SourceChanged
    if (!isHelius) throw error
    problem = `what was missed could not be fetched: ${error.message}`
  }
  if (items.length === 0) return { fetched: 0, ...(problem === undefined ? {} : { problem }) }
  const receivedAt = new Date()
  const receipt = await commit(lake, {
    stage: tradersBronze,
    name: 'fetch_missed',
    key: commitKey({
      pipeline: tradersLive.name,
      logicalRun: asOf,
      step: 'fetch_missed',
      decidedBy: [wanted, codeVersion],
    }),
    message: `${items.length} transactions that no delivery told of`,
    provenance: currentProvenance(tradersLive.name, asOf, codeVersion),
    prepare: async (session) => ({
      inputs: {},
      writes: await stageTransactions(
        session,
        items.map((item) => ({ item, origin: 'fetched' as const, receivedAt })),
      ),
    }),
  })
  return { fetched: receipt.rows[webhookEvents.name] ?? 0, ...(problem === undefined ? {} : { problem }) }
}
