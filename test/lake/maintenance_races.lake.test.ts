import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, expect, test } from 'vitest'
import { clusterTable } from '../../activities/lake/cluster_table.js'
import { createLakeActivities } from '../../activities/lake/index.js'
import { pinSnapshot } from '../../activities/lake/pins.js'
import { CommitConflict } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import { createRandom } from '../../infra/sandbox/random.js'
import { maintenanceInput } from '../../schemas/lake/maintenance_input.js'
import { commitMany, contentsOf } from './many_rows.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'
import { scratchStage, whole } from './scratch_stage.js'

const rounds = 24
const stages = [scratchStage]
const { snapshots } = maintenanceInput.parse({})

let scratch: ScratchLake
afterEach(() => scratch.close())

test.each(scratchCatalogs)(
  'beside writers and readers on a %s catalog no row is lost or doubled, and no reader sees a change',
  { timeout: 600_000 },
  async (catalog) => {
    scratch = await openScratchLake(stages, catalog)
    const { lake } = scratch
    const activities = createLakeActivities({ lake, codeVersion: 'test', stages, published: [] })
    let commits = 0
    const keys = new Set<number>()
    const write = async (from: number) => {
      const count = 30
      commits += 1
      await commitMany(lake, scratchStage, String(commits), { from, count })
      for (let key = from; key < from + count; key += 1) keys.add(key)
    }
    for (let from = 0; from < 150; from += 15) await write(from)
    await lake.session((session) =>
      session.run(
        `UPDATE __ducklake_metadata_lake.ducklake_snapshot SET snapshot_time = snapshot_time - INTERVAL '40 days'`,
      ),
    )
    const { id } = await lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
    await pinSnapshot(lake, { snapshotId: Number(id), holder: 'a reader', reason: 'it is read all the time', hours: 1 })
    const pinned = () => lake.session((session) => contentsOf(session, scratchStage.tables, Number(id)))
    const before = await pinned()

    const tables = [...scratchStage.tables.map(({ name }) => name), 'meta.commits', `${scratchStage.name}._fence`]
    const counted = async () =>
      lake.session(async (session) => {
        const counts = scratchStage.tables.map(
          ({ name }) =>
            `SELECT count(*)::INTEGER AS rows, count(DISTINCT number)::INTEGER AS keys FROM ${inLake(name)}`,
        )
        return session.all(counts.join(' UNION ALL '))
      })
    const read = async () => {
      expect(await pinned()).toEqual(before)
      for (const { rows, keys } of await counted()) expect(rows).toBe(keys)
    }
    let clustered = 0
    const operations: ((table: string) => Promise<unknown>)[] = [
      (table) => activities.flushTable({ table }),
      (table) => activities.mergeFiles({ table }),
      (table) => activities.rewriteFiles({ table }),
      () => activities.expireSnapshots({ dryRun: false, snapshots: { ...snapshots, keepNewest: 5 } }),
      () => activities.sweepOrphans({ dryRun: false, olderThanHours: 24 }),
      () => {
        clustered += 1
        const request = { asOf: String(clustered), table: whole.name, partition: '' }
        return new MockActivityEnvironment().run(() =>
          clusterTable({ lake, codeVersion: 'test', stages, published: [] }, request),
        )
      },
    ]
    for (let round = 0; round < rounds; round += 1) {
      const random = createRandom(round)
      const maintain = () => random.pick(operations)(random.pick(tables)).catch(giveWay)
      const done = await Promise.allSettled([
        write(random.integer(300)),
        write(random.integer(300)),
        maintain(),
        maintain(),
        read(),
      ])
      for (const each of done) if (each.status === 'rejected') throw new Error(`round ${round}`, { cause: each.reason })
    }
    expect(await pinned()).toEqual(before)
    expect(await counted()).toEqual(scratchStage.tables.map(() => ({ rows: keys.size, keys: keys.size })))
    const { version } = await lake.session((session) => session.one(`FROM ${inLake(`${scratchStage.name}._fence`)}`))
    const [recorded] = await lake.session((session) =>
      session.all(`SELECT count(*)::INTEGER AS n, count(DISTINCT commit_key)::INTEGER AS keys FROM lake.meta.commits`),
    )
    expect(recorded).toEqual({ n: Number(version), keys: Number(version) })
    expect(Number(version)).toBeGreaterThanOrEqual(commits)
  },
)

/** What Temporal would try again. */
const giveWay = (error: unknown): void => {
  if (!(error instanceof CommitConflict)) throw error
}
