import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { z } from 'zod'
import { createBillingActivities } from '../../activities/billing/index.js'
import type { LoadResult } from '../../activities/billing/load_deliveries.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { JsonRow } from '../../infra/lake/session.js'
import type { DataConfig } from '../../infra/resources.js'
import { billingImportInput } from '../../schemas/billing/billing_import_input.js'
import { billing } from '../../schemas/billing/index.js'
import { openScratchLake } from '../lake/scratch_lake.js'

export interface ImportRun {
  readonly planned: number
  readonly refused: readonly string[]
  readonly loads: readonly LoadResult[]
  readonly failed: readonly string[]
  /** What the published views show; absent where nothing was loaded. */
  readonly snapshotId?: number
}

export interface Bills {
  readonly lake: Lake
  /** The folder that deliveries are put into. */
  readonly source: string
  /** What `billingImport` does, without a Temporal: one run at each of its moments. */
  run(input?: z.input<typeof billingImportInput>): Promise<ImportRun>
  rows(sql: string): Promise<JsonRow[]>
  /** What each layer says that an account or all of them cost, in units of 10^-18. */
  totals(account?: string): Promise<bigint[]>
  close(): Promise<void>
}

const layers = [
  ['billing_bronze.line_items', 'coalesce(line_item_unblended_cost, billed_cost)'],
  ['billing_silver.charges', 'billed_cost'],
  ['billing_gold.monthly_costs', 'billed_cost'],
  ['billing_published.monthly_costs', 'billed_cost'],
] as const

/** A lake of its own, and a source to be filled. */
export const openBills = async (billingSource?: DataConfig): Promise<Bills> => {
  const scratch = await openScratchLake(billing.stages)
  const source = await mkdtemp(path.join(tmpdir(), 'tributary-bills-'))
  const activities = createBillingActivities({
    lake: scratch.lake,
    codeVersion: 'test',
    billingSource: billingSource ?? { kind: 'folder', path: source },
  })
  const rows = (sql: string) => scratch.lake.session((session) => session.all(sql))
  const inActivity = <T>(work: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(work)
  let runs = 0
  return {
    lake: scratch.lake,
    source,
    run: async (given = {}) => {
      runs += 1
      const asOf = new Date(Date.UTC(2026, 11, 1, 0, runs)).toISOString()
      const input = billingImportInput.parse(given)
      const plan = await inActivity(() => activities.planLoads({ asOf, input }))
      const { unreadable = [] } = plan
      if (plan.receipt === undefined) return { planned: 0, refused: plan.refused, loads: [], failed: unreadable }
      const request = { asOf, snapshotId: plan.receipt.snapshotId, force: input.force }
      const loads: LoadResult[] = []
      if (input.atomic === 'all') loads.push(await inActivity(() => activities.loadDeliveries(request)))
      else
        for (let batch = 0; batch < plan.loads; batch += 1)
          loads.push(await inActivity(() => activities.loadDeliveries({ ...request, batch })))
      const failed = [...unreadable, ...loads.flatMap((load) => load.failed ?? [])]
      const told = { planned: plan.loads, refused: plan.refused, loads, failed }
      if (failed.length === unreadable.length + loads.length) return told
      const bronze = Math.max(...loads.map(({ receipt }) => receipt.snapshotId))
      const silver = await inActivity(() => activities.deriveSilver({ asOf, snapshotId: bronze }))
      const gold = await inActivity(() => activities.deriveGold({ asOf, snapshotId: silver.receipt.snapshotId }))
      const { snapshotId } = gold.receipt
      await inActivity(() => activities.publish({ asOf, snapshotId }))
      return { ...told, snapshotId }
    },
    rows,
    totals: async (account) => {
      const selects = layers.map(([relation, column], index) => {
        const where = account === undefined ? '' : ` WHERE account_month LIKE '${account}/%'`
        return `SELECT ${index} AS n, CAST(coalesce(sum(${column}), 0) AS VARCHAR) AS total FROM lake.${relation}${where}`
      })
      const found = await rows(`${selects.join(' UNION ALL ')} ORDER BY n`)
      return found.map(({ total }) => BigInt(String(total).replace('.', '')))
    },
    close: async () => {
      await scratch.close()
      await rm(source, { recursive: true, force: true })
    },
  }
}
