import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBillingActivities } from '../../activities/billing/index.js'
import type { PlannedLoads } from '../../activities/billing/plan_loads.js'
import { failpointNames } from '../../infra/failpoint.js'
import { billingImportInput } from '../../schemas/billing/billing_import_input.js'
import { billing } from '../../schemas/billing/index.js'
import { openScratchLake, type ScratchLake } from '../lake/scratch_lake.js'
import { deliver, usageLines } from './deliveries.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = path.join(root, 'dist.billing_test')
const accounts = ['666666666661', '666666666662', '666666666663']
/** All places that a load passes; a refused one ends elsewhere. */
const places = failpointNames.filter((name) => name.startsWith('commit.') && name !== 'commit.refused')

let scratch: ScratchLake
let source: string
beforeAll(async () => {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['-p', 'tsconfig.chaos.json', '--outDir', dist], { cwd: root })
  scratch = await openScratchLake(billing.stages, 'postgres')
  source = path.join(scratch.folder, 'source')
})
afterAll(async () => {
  await scratch?.close()
  await rm(dist, { recursive: true, force: true })
})

const deliverAll = async (version: string, minute: number) => {
  for (const account of accounts)
    await deliver(source, {
      account,
      version,
      at: new Date(Date.UTC(2026, 10, 2, 0, minute)).toISOString(),
      lines: usageLines(15, { account, scale: minute + 1 }),
    })
}
const plan = (asOf: string): Promise<PlannedLoads> => {
  const activities = createBillingActivities({
    lake: scratch.lake,
    codeVersion: 'test',
    billingSource: { kind: 'folder', path: source },
  })
  return new MockActivityEnvironment().run(() => activities.planLoads({ asOf, input: billingImportInput.parse({}) }))
}
/** Which delivery each month is of, as a reader of this moment sees them. */
const versions = () =>
  scratch.lake.session(async (session) => {
    const rows = await session.all(
      'SELECT account_id, version_id, count(*)::INTEGER AS n FROM lake.billing_bronze.line_items GROUP BY ALL ORDER BY ALL',
    )
    return rows.map(({ version_id, n }) => `${version_id} ${n}`)
  })

const newest = () =>
  scratch.lake.session(async (session) => Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id']))

/** Loads in a process of its own; resolves to the signal that ended it. */
const load = async (asOf: string, snapshotId: number, failpoint?: string): Promise<NodeJS.Signals | null> => {
  const { catalog, data, extensionDirectory } = scratch.options
  if (catalog.kind !== 'postgres' || data.kind !== 'folder')
    throw new Error('the lake is a folder with a PostgreSQL catalog')
  const { host, port, database, user, password } = catalog.address
  const address = { host, port, dbname: database, user, password: password?.reveal() }
  const libpq = Object.entries(address).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  const task = { asOf, snapshotId, extensionDirectory, spill: path.join(scratch.folder, 'spill') }
  const child = spawn(process.execPath, [path.join(dist, 'test/billing/loader.js'), JSON.stringify(task)], {
    env: {
      ...process.env,
      LAKE_CATALOG: `postgres:${libpq.join(' ')}`,
      LAKE_DATA: data.path,
      BILLING_SOURCE: source,
      ...(failpoint === undefined ? {} : { TRIBUTARY_FAILPOINT: failpoint }),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code, signal] = await once(child, 'close')
  if (signal === null) expect(code).toBe(0)
  return signal
}

test('killed at any place of a load of three accounts, it is loaded whole or not at all, and then once', {
  timeout: 600_000,
}, async () => {
  await deliverAll('v0', 0)
  const first = await plan('2026-11-03T00:00:00.000Z')
  await load('2026-11-03T00:00:00.000Z', first.receipt?.snapshotId ?? 0)
  expect(await versions()).toEqual(['v0 15', 'v0 15', 'v0 15'])
  const old = accounts.map(() => 'v0 15')
  await deliverAll('v1', 1)
  const asOf = '2026-11-04T00:00:00.000Z'
  const { receipt } = await plan(asOf)
  const snapshotId = receipt?.snapshotId ?? 0
  // The plan is the same for every attempt, as a worker's is after its death.
  for (const place of places.filter((name) => name !== 'commit.committed')) {
    expect(await load(asOf, snapshotId, `${place}:1:kill`), place).toBe('SIGKILL')
    expect(await versions(), place).toEqual(old)
  }
  expect(await load(asOf, snapshotId, 'commit.committed:1:kill')).toBe('SIGKILL')
  expect(await versions()).toEqual(accounts.map(() => 'v1 15'))
  const snapshots = await newest()
  expect(await load(asOf, snapshotId)).toBeNull()
  expect(await newest()).toBe(snapshots)
  // No snapshot that there ever was shows two deliveries beside each other, or a month in part.
  const mixed = await scratch.lake.session(async (session) => {
    const snapshots = await session.all(
      "SELECT DISTINCT snapshot_id FROM lake.meta.commits WHERE stage = 'billing_bronze'",
    )
    const found: string[] = []
    for (const { snapshot_id } of snapshots) {
      const rows = await session.all(
        `SELECT count(DISTINCT version_id)::INTEGER AS versions, count(*)::INTEGER AS n FROM lake.billing_bronze.line_items AT (VERSION => ${Number(snapshot_id)})`,
      )
      const [row] = rows
      if (Number(row?.['versions']) > 1 || ![0, 45].includes(Number(row?.['n'])))
        found.push(`${snapshot_id}: ${JSON.stringify(row)}`)
    }
    return found
  })
  expect(mixed).toEqual([])
})
