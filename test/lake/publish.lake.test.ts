import { setTimeout as sleep } from 'node:timers/promises'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import { neededSnapshots } from '../../activities/lake/needed_snapshots.js'
import { currentPublication, type Publication, type PublishRequest, publish } from '../../activities/publish.js'
import type { Lake } from '../../infra/lake/lake.js'
import { holds } from '../../schemas/check.js'
import { integer } from '../../schemas/column.js'
import type { Published } from '../../schemas/domain.js'
import { definePublications } from '../../schemas/publications.js'
import { defineStage, defineTable, type Stage, type Table } from '../../schemas/table.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const page = (name: string, subject: string) =>
  defineTable(name, {
    dataset: { purpose: 'example', subject, grain: 'run' },
    grain: 'One row, of the newest run.',
    columns: { run: integer },
    key: ['run'],
    checks: { 'runs count from 0': holds('run >= 0') },
    example: { run: 1 },
  })
const left = page('papers_silver.left_pages', 'left')
const right = page('papers_gold.right_pages', 'right')
const silver = defineStage('papers_silver', [left])
const gold = defineStage('papers_gold', [right])
const publications = definePublications('papers')
const published: Published = {
  stage: defineStage('papers_published', [publications]),
  publications,
  tables: [left, right],
}

const timeOf = (run: number): string => new Date(Date.UTC(2026, 10, 21) + run * 60_000).toISOString()

const write = (lake: Lake, stage: Stage, table: Table, run: number) =>
  commit(lake, {
    stage,
    key: `papers/${run}/${stage.name}`,
    name: 'write',
    message: `run ${run}`,
    provenance: { pipeline: 'papers', logicalRun: timeOf(run), attempt: 1, codeVersion: 'test' },
    prepare: async (session) => {
      await session.run(`CREATE OR REPLACE TEMP TABLE staged AS SELECT ${run}::INTEGER AS run`)
      return { inputs: {}, writes: [{ table, staged: 'staged', replaces: { kind: 'everything' } }] }
    },
  })

/** Both layers of a run, one commit each: between the two the tables are of different runs. */
const derive = async (lake: Lake, run: number): Promise<number> => {
  await write(lake, silver, left, run)
  return (await write(lake, gold, right, run)).snapshotId
}

const show = (lake: Lake, request: PublishRequest): Promise<Publication> =>
  new MockActivityEnvironment().run(() =>
    publish(lake, 'test', { name: 'papers', published }, request),
  ) as Promise<Publication>

const pages = (lake: Lake) =>
  lake.session((session) =>
    session.one(`
      SELECT (SELECT max(run) FROM lake.papers_published.left_pages) AS left_run,
        (SELECT max(run) FROM lake.papers_published.right_pages) AS right_run`),
  )

describe.each(scratchCatalogs)('publishing, on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([silver, gold, published.stage], catalog)
  })
  afterAll(() => scratch.close())

  test('shows a run whole, and the run before it until then', async () => {
    const { lake } = scratch
    expect(await lake.session((session) => currentPublication(session, published))).toBeUndefined()
    const first = await show(lake, { asOf: timeOf(1), snapshotId: await derive(lake, 1) })
    expect(await pages(lake)).toEqual({ left_run: 1, right_run: 1 })
    await write(lake, silver, left, 2)
    expect(await pages(lake)).toEqual({ left_run: 1, right_run: 1 })
    const { snapshotId } = await write(lake, gold, right, 2)
    expect(await pages(lake)).toEqual({ left_run: 1, right_run: 1 })
    const second = await show(lake, { asOf: timeOf(2), snapshotId })
    expect(await pages(lake)).toEqual({ left_run: 2, right_run: 2 })
    expect(second.receipt?.snapshotId).toBe(snapshotId + 1)
    expect(first.receipt?.rows).toEqual({ 'papers_published.publications': 1 })
  })

  test('publishes a run once, however often it is asked to', async () => {
    const { lake } = scratch
    const request = { asOf: timeOf(3), snapshotId: await derive(lake, 3) }
    const first = await show(lake, request)
    expect(await show(lake, request)).toEqual(first)
  })

  test('leaves a later run where it is, unless told otherwise', async () => {
    const { lake } = scratch
    await show(lake, { asOf: timeOf(5), snapshotId: await derive(lake, 5) })
    const older = { asOf: timeOf(4), snapshotId: await derive(lake, 4) }
    const aside = await show(lake, older)
    expect(aside).toEqual({ note: `not published: the later run ${timeOf(5)} is` })
    expect(await pages(lake)).toEqual({ left_run: 5, right_run: 5 })
    await show(lake, { ...older, anyway: true })
    expect(await pages(lake)).toEqual({ left_run: 4, right_run: 4 })
  })

  test('needs the snapshot that is shown, whatever was published before or derived since', async () => {
    const { lake } = scratch
    const shown = await lake.session((session) => currentPublication(session, published))
    // The receipts name it no more once these are gone; the views still do.
    await lake.session((session) => session.run("DELETE FROM lake.meta.commits WHERE step = 'publish'"))
    await derive(lake, 100)
    const needed = await lake.session((session) => neededSnapshots(session, { keepRunsForDays: 0, keepNewestRuns: 0 }))
    expect(needed).toContain(shown?.snapshotId)
  })

  test('shows the run before it when a publication breaks off half way', async () => {
    const { lake } = scratch
    await show(lake, { asOf: timeOf(6), snapshotId: await derive(lake, 6) })
    const request = { asOf: timeOf(7), snapshotId: await derive(lake, 7) }
    const broken: Lake = {
      ...lake,
      failpoint: async (name) => {
        if (name === 'publish.views_replaced') throw new Error('the power went')
      },
    }
    await expect(show(broken, request)).rejects.toThrow('the power went')
    expect(await pages(lake)).toEqual({ left_run: 6, right_run: 6 })
    await show(lake, request)
    expect(await pages(lake)).toEqual({ left_run: 7, right_run: 7 })
  })
})

test('no reader ever sees two runs mixed, in 10,000 reads beside the writer', { timeout: 1_800_000 }, async () => {
  const scratch = await openScratchLake([silver, gold, published.stage])
  const { lake } = scratch
  // A read of one row is no work for several threads.
  await lake.session((session) => session.run('SET GLOBAL threads = 1'))
  await show(lake, { asOf: timeOf(0), snapshotId: await derive(lake, 0) })
  const wanted = 10_000
  let reads = 0
  const seen = new Set<unknown>()
  const read = () =>
    lake.session(async (session) => {
      while (reads < wanted) {
        reads += 1
        const both = `SELECT l.run AS left_run, r.run AS right_run FROM lake.papers_published.left_pages AS l, lake.papers_published.right_pages AS r`
        const [row] = await session.all(both)
        if (row === undefined || row['left_run'] !== row['right_run']) throw new Error(`mixed: ${JSON.stringify(row)}`)
        seen.add(row['left_run'])
      }
    })
  const writer = async () => {
    for (let run = 1; reads < wanted; run += 1) {
      await show(lake, { asOf: timeOf(run), snapshotId: await derive(lake, run) })
      // The readers are to have most of the machine.
      await sleep(500)
    }
  }
  await Promise.all([writer(), read(), read(), read()])
  // Without publications to tell apart, the reads would prove nothing.
  expect(seen.size).toBeGreaterThan(10)
  await scratch.close()
})
