import { MockActivityEnvironment } from '@temporalio/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findChanges } from '../../activities/changes.js'
import { type ClusterRequest, clusterTable } from '../../activities/lake/cluster_table.js'
import { partsToCluster } from '../../activities/lake/clustering.js'
import { latestReceipt } from '../../activities/receipt.js'
import { inLake } from '../../infra/lake/identifier.js'
import { defineTable } from '../../schemas/table.js'
import { commitMany, contentsOf } from './many_rows.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'
import { inLanes, scratchDefinition, scratchStage as stage, whole } from './scratch_stage.js'

type Clustered = Awaited<ReturnType<typeof clusterTable>>
const asOf = '2026-11-21T06:00:00.000Z'

describe.each(scratchCatalogs)('clustering on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeEach(async () => {
    scratch = await openScratchLake([stage], catalog)
    await commitMany(scratch.lake, stage, 'first', { from: 0, count: 10 })
    // Scattered over every key, as rows that come by time are.
    await scratch.lake.session((session) =>
      session.transaction(async () => {
        for (const { name } of stage.tables) {
          await session.run(`
            INSERT INTO ${inLake(name)}
            SELECT md5((i % 97)::VARCHAR), md5((i % 89)::VARCHAR), i::INTEGER, if(i % 3 = 0, 'a', 'b') FROM range(100, 60000) AS n(i)`)
        }
      }),
    )
  })
  afterEach(() => scratch.close())

  const cluster = (request: Partial<ClusterRequest> = {}, lake = scratch.lake) =>
    new MockActivityEnvironment().run<[], Clustered, () => Promise<Clustered>>(() =>
      clusterTable(
        { lake, codeVersion: 'test', stages: [stage], published: [] },
        { asOf, table: whole.name, partition: '', ...request },
      ),
    )
  const parts = (table = whole) => scratch.lake.session((session) => partsToCluster(session, table))
  const contents = (snapshotId?: number) =>
    scratch.lake.session((session) => contentsOf(session, stage.tables, snapshotId))
  const current = () =>
    scratch.lake.session(async (session) => Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id']))

  test('puts the same rows into other files, as one snapshot, so that each key finds fewer of them', async () => {
    const [before, snapshotId] = [await contents(), await current()]
    expect(await parts()).toMatchObject([{ partition: '', newShare: 1 }])
    const { receipt } = await cluster()
    expect(receipt.snapshotId).toBe(snapshotId + 1)
    expect(await current()).toBe(snapshotId + 1)
    expect(await contents()).toEqual(before)
    expect(await contents(snapshotId)).toEqual(before)
    expect(await parts()).toEqual([])
    expect((await cluster()).receipt).toEqual(receipt)
    expect(await current()).toBe(snapshotId + 1)
  })

  test('does one partition at a time', async () => {
    const before = await contents()
    const wanted = await parts(inLanes)
    expect(wanted.map(({ partition }) => partition)).toEqual(['a', 'b'])
    await cluster({ table: inLanes.name, partition: 'b' })
    expect((await parts(inLanes)).map(({ partition }) => partition)).toEqual(['a'])
    expect(await contents()).toEqual(before)
  })

  test('is wanted again when a fifth of the rows is new', async () => {
    await cluster()
    await commitMany(scratch.lake, stage, 'few', { from: 70_000, count: 100 })
    expect(await parts()).toEqual([])
    await commitMany(scratch.lake, stage, 'many', { from: 80_000, count: 20_000 })
    expect(await parts()).toMatchObject([{ partition: '' }])
  })

  test('gives way to a commit that was made meanwhile', async () => {
    const before = await current()
    // The other commit comes when the rows are staged.
    const lake = {
      ...scratch.lake,
      failpoint: async (name: string) => {
        if (name === 'commit.staged') await commitMany(scratch.lake, stage, 'meanwhile', { from: 90_000, count: 5 })
      },
    }
    await expect(cluster({}, lake)).rejects.toThrow(/was committed to after/)
    expect(await current()).toBe(before + 1)
  })

  test('is no change to what derives from the table', async () => {
    const { lake } = scratch
    await cluster()
    await commitMany(lake, stage, 'later', { from: 95_000, count: 1 })
    const changed = await lake.session(async (session) => {
      const previous = await latestReceipt(session, stage.name, 'many')
      if (previous === undefined) throw new Error('there is a receipt')
      const derived = defineTable('scratch_silver.derived', {
        ...scratchDefinition,
        clusteredBy: [],
        derive: { from: { whole }, by: 'number', select: ({ whole: from }) => `FROM ${from}` },
      })
      const changes = await findChanges(session, {
        derived: [derived],
        fingerprint: 'same',
        stage: { name: 'scratch_silver', tables: [derived] },
        step: 'derive',
        snapshotId: await current(),
        parameters: { as_of: asOf },
        previous: {
          ...previous,
          derivationFingerprint: 'same',
          parameters: { as_of: asOf },
          inputs: { scratch_bronze: previous.snapshotId - 2 },
        },
      })
      return session.all(`SELECT number FROM ${changes?.relation}`)
    })
    expect(changed).toEqual([{ number: 95_000 }])
  })
})
