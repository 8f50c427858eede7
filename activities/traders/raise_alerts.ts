import { fenceVersion } from '../../infra/lake/fence_version.js'
import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { currentSnapshotId } from '../../infra/lake/version.js'
import { tradersGold } from '../../schemas/traders/gold/stage.js'
import { traderAlerts } from '../../schemas/traders/gold/trader_alerts.js'
import { traders } from '../../schemas/traders/index.js'
import { alertDeliveries } from '../../schemas/traders/live/alert_deliveries.js'
import { announcedTiers } from '../../schemas/traders/live/announced_tiers.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import type { TraderActivityInput } from '../../schemas/traders/trader_activity_input.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import { currentPublication } from '../publish.js'
import type { Receipt } from '../receipt.js'
import { stage } from '../write.js'
import { changedTiers, clusterAlerts, tierAlerts, tradeAlerts } from './alert_candidates.js'
import { deliveryId, namedReceivers } from './alert_receivers.js'
import type { TradersDependencies } from './dependencies.js'

export interface AlertsRequest {
  readonly asOf: string
  readonly alerts: TraderActivityInput['alerts']
}

export interface RaisedAlerts {
  /** Nothing where there is nothing to tell. */
  readonly receipt?: Receipt
  readonly note: string
}

/**
 * Raises an alert for all that was not told of yet, as of the newest snapshot, and puts each into the outbox for every receiver, as one commit. The
 * tiers of the first publication are where changes are counted from, and no news.
 */
export const raiseAlerts = async (dependencies: TradersDependencies, request: AlertsRequest): Promise<RaisedAlerts> => {
  const { lake, codeVersion, alertReceivers } = dependencies
  const { asOf, alerts } = request
  const receivers = [...namedReceivers(alertReceivers).keys()]
  const { snapshotId, found } = await lake.session(async (session) => {
    const current = await currentSnapshotId(session)
    return { snapshotId: current, found: await findAlerts(session, current, request) }
  })
  if (found.alerts === 0 && found.tiers === 0) return { note: 'nothing to tell' }
  const receipt = await commit(lake, {
    stage: tradersGold,
    otherStages: [tradersLive],
    name: 'raise_alerts',
    key: commitKey({
      pipeline: tradersLive.name,
      logicalRun: asOf,
      step: 'raise_alerts',
      decidedBy: [snapshotId, alerts, receivers, codeVersion],
    }),
    message: `${found.alerts} alerts as of ${asOf}`,
    provenance: currentProvenance(tradersLive.name, asOf, codeVersion),
    prepare: async (session) => {
      // Whoever else raises alerts raises this fence, so what was told of is still the same at the commit.
      const fence = await fenceVersion(session, tradersLive.name, snapshotId)
      await findAlerts(session, snapshotId, request)
      const ids = (await session.all('SELECT alert_id FROM alerts')).map((row) => String(row['alert_id']))
      const deliveries = ids.flatMap((id) => receivers.map((receiver) => pending(id, receiver, asOf)))
      const outbox = await stage(session, alertDeliveries, deliveries)
      return {
        basis: new Map([[tradersLive.name, fence]]),
        inputs: { [tradersGold.name]: snapshotId, [tradersLive.name]: snapshotId },
        writes: [
          { table: traderAlerts, staged: 'alerts', replaces: { kind: 'nothing' } },
          { table: alertDeliveries, staged: outbox, replaces: { kind: 'nothing' } },
          {
            table: announcedTiers,
            staged: 'announced',
            replaces: { kind: 'keys', columns: ['wallet_address'], relation: 'announced' },
          },
        ],
      }
    },
  })
  return { receipt, note: `${receipt.rows[traderAlerts.name] ?? 0} alerts` }
}

const pending = (alertId: string, receiver: string, asOf: string) => ({
  delivery_id: deliveryId(alertId, receiver),
  alert_id: alertId,
  receiver,
  status: 'pending',
  attempts: 0,
  next_attempt_at: new Date(asOf),
  last_error: null,
  delivered_at: null,
})

/** Fills the session's temporary tables `alerts` and `announced`; resolves to how many rows they have. */
const findAlerts = async (
  session: Session,
  snapshotId: number,
  { asOf, alerts: { clusterWallets, clusterMinutes } }: AlertsRequest,
): Promise<{ alerts: number; tiers: number }> => {
  const raised = { raised_at: asOf }
  await session.run(`CREATE OR REPLACE TEMP TABLE alerts AS ${tradeAlerts(snapshotId)}`, raised)
  await session.run(`INSERT INTO alerts ${clusterAlerts(snapshotId)}`, {
    ...raised,
    least_wallets: BigInt(clusterWallets),
    within_minutes: BigInt(clusterMinutes),
  })
  const isFirst = await findTiers(session, snapshotId)
  if (!isFirst) await session.run(`INSERT INTO alerts ${tierAlerts}`, raised)
  await session.run(
    'CREATE OR REPLACE TEMP TABLE announced AS SELECT wallet_address, tier, logical_run FROM changed_tiers',
  )
  const counts = await session.one(
    'SELECT (SELECT count(*) FROM alerts) AS alerts, (SELECT count(*) FROM announced) AS tiers',
  )
  return { alerts: Number(counts['alerts']), tiers: Number(counts['tiers']) }
}

/** Fills `changed_tiers`; resolves to whether no tier was ever told of. */
const findTiers = async (session: Session, snapshotId: number): Promise<boolean> => {
  const published = await currentPublication(session, traders.published)
  const columns = 'wallet_address VARCHAR, tier VARCHAR, logical_run VARCHAR, before VARCHAR, rank INTEGER'
  await session.run(`CREATE OR REPLACE TEMP TABLE changed_tiers (${columns})`)
  if (published !== undefined) {
    await session.run(`INSERT INTO changed_tiers ${changedTiers(snapshotId, published.snapshotId)}`, {
      logical_run: published.logicalRun,
    })
  }
  const { told } = await session.one(
    `SELECT count(*) AS told FROM ${atSnapshot('traders_live.announced_tiers', snapshotId)}`,
  )
  return Number(told) === 0
}
