import { MockActivityEnvironment } from '@temporalio/testing'
import { z } from 'zod'
import { createBillingActivities } from '../../activities/billing/index.js'
import type { LoadResult } from '../../activities/billing/load_deliveries.js'
import { loadConfig } from '../../infra/config.js'
import { openLake } from '../../infra/lake/lake.js'

/*
 * The process that is killed: loads what a plan names, all accounts as one snapshot, as a worker would. Where the lake and the source
 * are, and where it is to die, comes from the environment as in production.
 */
const task = z.object({
  asOf: z.string(),
  snapshotId: z.int(),
  extensionDirectory: z.string(),
  spill: z.string(),
})

const { extensionDirectory, spill, ...request } = task.parse(JSON.parse(process.argv[2] ?? ''))
const { catalog, data, failpoint, billingSource } = loadConfig()
if (catalog.kind === 'embedded' || billingSource === undefined)
  throw new Error('LAKE_CATALOG and BILLING_SOURCE are needed')
const lake = await openLake({ catalog, data, extensionDirectory, temporaryDirectory: spill, failpoint })
const { loadDeliveries } = createBillingActivities({ lake, codeVersion: 'test', billingSource })
const { failed }: LoadResult = await new MockActivityEnvironment().run(() =>
  loadDeliveries({ ...request, force: false }),
)
await lake.close()
process.exit(failed === undefined ? 0 : 1)
