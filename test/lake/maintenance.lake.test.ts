import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLakeActivities, type LakeActivities } from '../../activities/lake/index.js'
import { pinSnapshot, releasePin } from '../../activities/lake/pins.js'
import { measureHealth } from '../../infra/lake/health.js'
import { inLake } from '../../infra/lake/identifier.js'
import { maintenanceInput } from '../../schemas/lake/maintenance_input.js'
import { domains } from '../domains.js'
import { addMany, commitMany, contentsOf } from './many_rows.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const stages = domains.flatMap(({ stages }) => stages)
const tables = stages.flatMap((stage) => stage.tables)
/** Enough for the usual policy. */
const filesToMerge = 12
const defaults = maintenanceInput.parse({})

describe.each(scratchCatalogs)('maintenance on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  let activities: LakeActivities
  /** Of every table, at snapshots along the way and now. */
  let contents: Map<number | undefined, Record<string, string>>
  let receipts: object[]
  /** The snapshot of each commit, by `<stage>/<key>`. */
  const along = new Map<string, number>()
  const snapshotOf = (commit: string): number => along.get(commit) ?? Number.NaN

  const allReceipts = () =>
    scratch.lake.session((session) => session.all('SELECT commit_key, snapshot_id FROM lake.meta.commits ORDER BY 1'))
  const read = async (snapshotIds: Iterable<number | undefined>) => {
    const found = new Map<number | undefined, Record<string, string>>()
    await scratch.lake.session(async (session) => {
      for (const snapshotId of snapshotIds) found.set(snapshotId, await contentsOf(session, tables, snapshotId))
    })
    return found
  }
  const expectUnchanged = async () => {
    expect(await read(contents.keys())).toEqual(contents)
    expect(await allReceipts()).toEqual(receipts)
  }
  const work = async (step: string) =>
    (await activities.surveyTables({ flushRows: 2 })).work.filter((each) => each.step === step)

  beforeAll(async () => {
    scratch = await openScratchLake(stages, catalog)
    activities = createLakeActivities({ lake: scratch.lake, codeVersion: 'test', stages, published: [] })
    // The second commit of each stage replaces half of the rows of the first.
    for (const [index, key] of ['first', 'second', 'third'].entries()) {
      for (const stage of stages) {
        const span = { from: index === 0 ? 0 : 20 * (2 * index - 1), count: 40 }
        const read = key === 'third' ? { somewhere: snapshotOf(`${stages[1]?.name}/second`) } : {}
        const { snapshotId } = await commitMany(scratch.lake, stage, key, span, read)
        along.set(`${stage.name}/${key}`, snapshotId)
      }
    }
    for (let file = 0; file < filesToMerge; file += 1) {
      await addMany(scratch.lake, tables, { from: 1_000 + file * 10, count: 10 })
    }
    const [first, second, third] = stages.map(({ name }) => name)
    const kept = [`${first}/first`, `${second}/second`, `${second}/first`, `${third}/third`].map(snapshotOf)
    contents = await read([...kept, undefined])
    receipts = await allReceipts()
  })
  afterAll(() => scratch?.close())

  test('flush moves inlined rows into files, and no receipt loses the snapshot it came with', async () => {
    const flushes = await work('flush')
    expect(flushes.map(({ table }) => table)).toEqual(
      expect.arrayContaining(['meta.commits', ...stages.map(({ name }) => `${name}._fence`)]),
    )
    for (const { table } of flushes) await activities.flushTable({ table })
    expect(await work('flush')).toEqual([])
    await expectUnchanged()
    for (const stage of stages) {
      const [fence] = await scratch.lake.session((session) => session.all(`FROM ${inLake(`${stage.name}._fence`)}`))
      expect(fence).toEqual({ version: '3' })
    }
  })

  test('rewrite leaves deleted rows out of the files, and older snapshots as they were', async () => {
    const rewrites = await work('rewrite')
    expect(rewrites.length).toBeGreaterThanOrEqual(tables.length)
    for (const { table } of rewrites) await activities.rewriteFiles({ table })
    expect((await work('rewrite')).filter(({ table }) => !table.endsWith('._fence'))).toEqual([])
    await expectUnchanged()
  })

  test('merge makes one file of many small ones, and older snapshots are read from it', async () => {
    const before = await activities.surveyTables({ flushRows: 2 })
    const merges = before.work.filter(({ step }) => step === 'merge')
    expect(merges.length).toBeGreaterThanOrEqual(tables.length)
    for (const { table } of merges) await activities.mergeFiles({ table })
    expect(await work('merge')).toEqual([])
    await expectUnchanged()
  })

  test('expire takes what is old and needed by nobody', async () => {
    await ageSnapshots()
    const { lake } = scratch
    const [first, second] = stages.map(({ name }) => name)
    const pinned = snapshotOf(`${first}/first`)
    const isInput = snapshotOf(`${second}/second`)
    const pin = await pinSnapshot(lake, { snapshotId: pinned, holder: 'a test', reason: 'it is read below', hours: 1 })
    const kept = { ...defaults.snapshots, keepNewest: 3, keepRunsForDays: 0, keepNewestRuns: 1 }
    const young = await activities.expireSnapshots({ dryRun: true, snapshots: { ...kept, olderThanHours: 24 * 365 } })
    expect(young.expired).toBe(0)
    const planned = await activities.expireSnapshots({ dryRun: true, snapshots: kept })
    expect(planned.expired).toBeGreaterThan(10)
    expect(await activities.expireSnapshots({ dryRun: false, snapshots: kept })).toMatchObject({
      expired: planned.expired,
    })
    const left = await lake.session((session) => session.all('SELECT snapshot_id FROM lake.snapshots()'))
    const leftIds = new Set(left.map(({ snapshot_id }) => Number(snapshot_id)))
    const leftAlong = [...along.values()].filter((each) => leftIds.has(each))
    const newest = stages.map(({ name }) => snapshotOf(`${name}/third`))
    expect(leftAlong.toSorted()).toEqual([...new Set([pinned, isInput, isInput + 1, ...newest])].toSorted())
    for (const each of contents.keys()) if (each !== undefined && !leftIds.has(each)) contents.delete(each)
    expect(contents.size).toBe(4)
    await expectUnchanged()
    await releasePin(lake, pin)
    await activities.expireSnapshots({ dryRun: false, snapshots: kept })
    const gone = { snapshotId: pinned, holder: 'a', reason: 'b', hours: 1 }
    await expect(pinSnapshot(lake, gone)).rejects.toThrow(/is not in the lake/)
    contents.delete(pinned)
  })

  test('clean-up deletes what no snapshot needs, once its readers have ended', async () => {
    const before = await parquetFiles()
    expect((await activities.cleanUpFiles({ dryRun: false, ...defaults.cleanup })).files).toBe(0)
    await inCatalog(
      "UPDATE {}.ducklake_files_scheduled_for_deletion SET schedule_start = schedule_start - INTERVAL '2 days'",
    )
    const { files } = await activities.cleanUpFiles({ dryRun: false, ...defaults.cleanup })
    expect(files).toBeGreaterThan(50)
    expect(await parquetFiles()).toHaveLength(before.length - files)
    await expectUnchanged()
    await activities.updateStatistics()
    await expectUnchanged()
    expect(await scratch.lake.session(measureHealth)).toMatchObject({
      pins: 0,
      filesToCleanUp: 0,
      inlinedRows: expect.any(Number),
    })
  })

  const inCatalog = (sql: string) =>
    scratch.lake.session((session) => session.run(sql.replace('{}', '__ducklake_metadata_lake')))
  const ageSnapshots = () =>
    inCatalog("UPDATE {}.ducklake_snapshot SET snapshot_time = snapshot_time - INTERVAL '40 days'")
  const parquetFiles = async () =>
    (await readdir(path.join(scratch.folder, 'data'), { recursive: true })).filter((name) => name.endsWith('.parquet'))
})
