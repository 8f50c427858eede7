import { MockActivityEnvironment } from '@temporalio/testing'
import { commit } from '../../activities/commit.js'
import type { AlertReceivers } from '../../activities/traders/alert_receivers.js'
import { commitDeliveries } from '../../activities/traders/commit_deliveries.js'
import type { TradersDependencies } from '../../activities/traders/dependencies.js'
import type { Helius } from '../../activities/traders/helius.js'
import { createTradersActivities, type TradersActivities } from '../../activities/traders/index.js'
import { stage } from '../../activities/write.js'
import { type Failpoint, type FailpointName, noFailpoint } from '../../infra/failpoint.js'
import { inLake } from '../../infra/lake/identifier.js'
import type { JsonRow } from '../../infra/lake/session.js'
import type { Row, Stage, Table } from '../../schemas/table.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { tradersGold } from '../../schemas/traders/gold/stage.js'
import { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'
import { traders } from '../../schemas/traders/index.js'
import { openScratchLake, type ScratchLake } from '../lake/scratch_lake.js'

export interface LiveLake extends ScratchLake {
  readonly activities: TradersActivities
  /** What happens where the activities pass a named place; nothing by default. */
  readonly places: { at: Failpoint }
  deliver(...events: readonly object[]): Promise<void>
  write<T extends Table>(of: Stage, table: T, rows: readonly Row<T>[], replaced?: 'everything'): Promise<number>
  watch(asOf: string, wallets: readonly string[]): Promise<number>
  /** Publishes a ranking, by tier. */
  rank(asOf: string, tiers: Readonly<Record<string, 'elite' | 'strong' | 'promising'>>): Promise<void>
  rows(sql: string): Promise<JsonRow[]>
}

interface Outside {
  readonly receivers?: AlertReceivers
  readonly helius?: Helius
  readonly webhookUrl?: string
}

/** A lake with the traders' tables, and the activities of live monitoring, run as Temporal runs them. */
export const openLiveLake = async (outside: Outside = {}): Promise<LiveLake> => {
  const scratch = await openScratchLake(traders.stages)
  const { lake } = scratch
  const places: LiveLake['places'] = { at: noFailpoint }
  const dependencies = {
    lake: { ...lake, failpoint: (name: FailpointName) => places.at(name) },
    codeVersion: 'test',
    birdEye: {
      within: () => {
        throw new Error('BirdEye is not asked')
      },
    },
    // Absent only where the test asks Helius nothing.
    helius: outside.helius as Helius,
    webhook: outside.webhookUrl === undefined ? {} : { url: outside.webhookUrl },
    alertReceivers: outside.receivers ?? { urls: [] },
  } satisfies TradersDependencies
  const plain = createTradersActivities(dependencies)
  const run = (call: unknown) => (request: unknown) =>
    new MockActivityEnvironment().run(call as (request: unknown) => Promise<unknown>, request)
  const activities = Object.fromEntries(
    Object.entries(plain).map(([name, call]) => [name, run(call)]),
  ) as TradersActivities
  let count = 0
  const provenance = (logicalRun: string) => ({ pipeline: 'traders', logicalRun, attempt: 1, codeVersion: 'test' })
  const write: LiveLake['write'] = async (of, table, rows, replaced) => {
    count += 1
    const receipt = await commit(lake, {
      stage: of,
      key: `test/${count}`,
      name: 'test',
      message: 'test',
      provenance: provenance(`test-${count}`),
      prepare: async (session) => ({
        inputs: {},
        writes: [{ table, staged: await stage(session, table, rows), replaces: { kind: replaced ?? 'nothing' } }],
      }),
    })
    return receipt.snapshotId
  }
  return {
    ...scratch,
    activities,
    places,
    deliver: async (...events) => {
      count += 1
      const delivery = { receivedAt: '2026-11-21T12:00:05.000Z', body: JSON.stringify(events) }
      await commitDeliveries(lake, { id: `batch-${count}`, deliveries: [delivery] }, provenance(`batch-${count}`))
    },
    write,
    watch: (asOf, wallets) => {
      const addresses = JSON.stringify(wallets)
      const row = { as_of: new Date(asOf), sent_addresses: addresses, confirmed_addresses: addresses }
      return write(tradersGold, webhookSubscription, [{ ...webhookSubscription.example, ...row }])
    },
    rank: async (asOf, tiers) => {
      const ranked = Object.entries(tiers).map(([wallet, tier], index) => ({
        ...smartWallets.example,
        as_of: new Date(asOf),
        rank: index + 1,
        wallet_address: wallet,
        tier,
      }))
      const snapshotId = await write(tradersGold, smartWallets, ranked, 'everything')
      await activities.publish({ asOf, snapshotId })
    },
    rows: (sql) => lake.session((session) => session.all(sql)),
  }
}

/** All rows of tables, in the order of their keys: what two lakes of the same content have alike. */
export const contents = (live: LiveLake, tables: readonly Table[]): Promise<JsonRow[][]> =>
  Promise.all(tables.map((table) => live.rows(`FROM ${inLake(table.name)} ORDER BY ${table.key.join(', ')}`)))
