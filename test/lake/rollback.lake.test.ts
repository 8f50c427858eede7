import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import { type RollbackReport, type RollbackRequest, rollBack } from '../../activities/lake/rollback.js'
import { publish } from '../../activities/publish.js'
import { findReceipt, latestReceipt } from '../../activities/receipt.js'
import { CommitConflict, RolledBack } from '../../infra/errors.js'
import type { Lake } from '../../infra/lake/lake.js'
import { traders } from '../../schemas/traders/index.js'
import { asOf, contents, derive, deriveStep, load, rows, runTraders } from '../traders/traders_run.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const tables = traders.stages.flatMap((stage) => stage.tables)
let scratch: ScratchLake
afterEach(() => scratch.close())

let times = 0
const rollBackTo = (
  to: number | string,
  given: Partial<RollbackRequest> = {},
  lake: Lake = scratch.lake,
): Promise<RollbackReport> => {
  times += 1
  const request = { to: String(to), dryRun: false, reason: 'test', asOf: `rollback ${times}`, ...given }
  const dependencies = { lake, codeVersion: 'test', stages: traders.stages, published: [traders.published] }
  const provenance = { pipeline: 'lake', logicalRun: request.asOf, attempt: 1, codeVersion: 'test' }
  return rollBack(dependencies, request, provenance)
}
const content = () => contents(scratch.lake, tables)
const newest = () =>
  scratch.lake.session(async (session) => Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id']))

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  beforeEach(async () => {
    scratch = await openScratchLake(traders.stages, catalog)
  })

  test('brings every table back as one new snapshot, says what it did, and loses nothing', async () => {
    const { lake } = scratch
    const first = await runTraders(lake, asOf(60), rows(0, 60, [1, 2, 3]))
    const then = await content()
    await runTraders(lake, asOf(90), rows(60, 90, [1, 4]))
    const later = await content()
    const before = await newest()

    const dry = await rollBackTo(first.gold.snapshotId, { dryRun: true })
    expect(dry.receipt).toBeUndefined()
    expect(await newest()).toBe(before)
    expect(await content()).toEqual(later)

    const done = await rollBackTo(first.gold.snapshotId, { asOf: 'once' })
    expect(await rollBackTo(first.gold.snapshotId, { asOf: 'once' }), 'its reply was lost').toMatchObject({
      tables: done.tables,
      receipt: done.receipt,
    })
    expect(done.tables).toEqual(dry.tables)
    expect(done.undone.map(({ step }) => step)).toEqual(['fetch_histories', 'derive_silver', 'derive_gold'])
    expect(done.undone).toEqual(dry.undone)
    expect(done.tables.find(({ table }) => table === 'traders_bronze.transaction_history')).toMatchObject({
      added: 0,
      removed: 60,
      changed: 0,
    })
    expect(done.receipt?.snapshotId).toBe(before + 1)
    expect(await newest()).toBe(before + 1)
    expect(await content()).toEqual(then)

    const recorded = await lake.session((session) =>
      session.all(
        `SELECT dataset, description, rollback_sql FROM lake.meta.changes WHERE change_type = 'restore' ORDER BY dataset`,
      ),
    )
    expect(recorded.map(({ dataset }) => dataset)).toEqual(
      done.tables
        .flatMap(({ table, added, removed, changed }) => (added + removed + changed > 0 ? [table] : []))
        .sort(),
    )
    expect(recorded[0]).toMatchObject({
      description: expect.stringMatching(new RegExp(`^restored to snapshot ${first.gold.snapshotId}: .*; test$`)),
      rollback_sql: `npx tributary rollback --to ${before} --domain traders`,
    })

    const back = await rollBackTo(before)
    expect(await content()).toEqual(later)
    expect(back.undone.map(({ step }) => step)).toEqual(['rollback'])
    expect(back.redone.map(({ step }) => step)).toEqual(['fetch_histories', 'derive_silver', 'derive_gold'])
  })
})

describe('runs and rollbacks', () => {
  beforeEach(async () => {
    scratch = await openScratchLake(traders.stages)
  })

  test('run, rollback, run again gives what a run that was never rolled back gives', async () => {
    const { lake } = scratch
    const first = await runTraders(lake, asOf(60), rows(0, 60))
    // Wallet 5 is in this run only, wallet 1 in both: neither the one's rows nor the other's may stay in silver.
    const gone = await runTraders(lake, asOf(90), rows(60, 90, [1, 5]))
    await rollBackTo(first.gold.snapshotId)
    await lake.session(async (session) => {
      expect(await findReceipt(session, gone.silver.key)).toBeUndefined()
      expect(await latestReceipt(session, 'traders_silver', 'derive_silver')).toEqual(first.silver)
    })
    // Under the same logical time, and so the same key: the source's rows are others now.
    const again = await runTraders(lake, asOf(90), rows(60, 80, [1, 3]))
    expect(again.bronze.key).toBe(gone.bronze.key)
    expect(again.bronze.snapshotId).toBeGreaterThan(gone.gold.snapshotId)
    const repeated = (view: string) =>
      `SELECT '${view}' AS view, id FROM lake.meta.${view} GROUP BY ALL HAVING count(*) > 1`
    expect(
      await lake.session((session) => session.all(`${repeated('lineage')} UNION ALL ${repeated('quality')}`)),
    ).toEqual([])
    const recomputed = await lake.session((session) =>
      session.all('SELECT DISTINCT wallet_address FROM lake.traders_silver.trades WHERE snapshot_id = $id ORDER BY 1', {
        id: BigInt(again.silver.snapshotId),
      }),
    )
    expect(recomputed.map(({ wallet_address }) => wallet_address)).toEqual(['wallet-01', 'wallet-03', 'wallet-05'])

    const never = await openScratchLake(traders.stages)
    await runTraders(never.lake, asOf(60), rows(0, 60))
    await runTraders(never.lake, asOf(90), rows(60, 80, [1, 3]))
    expect(await content()).toEqual(await contents(never.lake, tables))
    await never.close()
  })

  test('a run under way stops at its next step, a rollback of the rollback lets it go on', async () => {
    const { lake } = scratch
    const first = await runTraders(lake, asOf(60), rows(0, 60, [1, 2]))
    const bronze = await load(lake, asOf(90), rows(60, 90, [1]))
    const before = await newest()
    // Prepared before the rollback and committed after it, as of an activity that was at work meanwhile.
    const silver = deriveStep(bronze.snapshotId, asOf(90))
    const overtaken = commit(lake, {
      ...silver,
      prepare: async (session) => {
        const prepared = await silver.prepare(session)
        await rollBackTo(first.gold.snapshotId)
        return prepared
      },
    })
    await expect(overtaken).rejects.toThrow(CommitConflict)
    const then = await content()
    await expect(derive(lake, bronze.snapshotId, asOf(90))).rejects.toThrow(RolledBack)
    expect(await content()).toEqual(then)

    await rollBackTo(before)
    await derive(lake, bronze.snapshotId, asOf(90))
  })

  test('what was committed while a rollback was prepared is not taken back unseen', async () => {
    const { lake } = scratch
    const first = await runTraders(lake, asOf(60), rows(0, 60, [1]))
    await load(lake, asOf(70), rows(60, 70, [1]))
    let interrupted = false
    const slow: Lake = {
      ...lake,
      exclusively: async (stage, work) => {
        if (!interrupted) {
          interrupted = true
          await derive(lake, await newest(), asOf(70))
        }
        return lake.exclusively(stage, work)
      },
    }
    const before = await content()
    await expect(rollBackTo(first.gold.snapshotId, {}, slow)).rejects.toThrow(CommitConflict)
    expect(await content()).not.toEqual(before)
    await rollBackTo(first.gold.snapshotId)
  })
})

test('tables that did not exist yet are emptied, and a rollback to before all of them can be taken back', async () => {
  scratch = await openScratchLake(traders.stages)
  const { gold } = await runTraders(scratch.lake, asOf(60), rows(0, 60, [1, 2]))
  const by = { pipeline: 'traders', logicalRun: asOf(60), attempt: 1, codeVersion: 'test' }
  await publish(scratch.lake, 'test', traders, { asOf: asOf(60), snapshotId: gold.snapshotId }, by)
  const shown = () =>
    scratch.lake.session((session) => session.all('SELECT count(*) AS n FROM lake.traders_published.trades'))
  const seen = await shown()
  const then = await content()
  const before = await newest()
  const { tables: restored } = await rollBackTo(0)
  expect(restored.every(({ added, changed }) => added + changed === 0)).toBe(true)
  expect(Object.values((await content()) ?? {}).flat()).toEqual([])
  await expect(shown()).rejects.toThrow(/trades does not exist/)
  await rollBackTo(before)
  expect(await content()).toEqual(then)
  expect(await shown()).toEqual(seen)
})

test('a snapshot that is not there is refused with the range, and so is a domain without tables', async () => {
  scratch = await openScratchLake(traders.stages)
  const { bronze, gold } = await runTraders(scratch.lake, asOf(60), rows(0, 6, [1]))
  await scratch.lake.session((session) =>
    session.run(`CALL ducklake_expire_snapshots('lake', versions => [${bronze.snapshotId}])`),
  )
  const range = new RegExp(`there are snapshots 0 .* to ${gold.snapshotId} `)
  await expect(rollBackTo(bronze.snapshotId)).rejects.toThrow(range)
  await expect(rollBackTo('4711')).rejects.toThrow(range)
  await expect(rollBackTo('soon')).rejects.toThrow('to is "soon": it is neither a number nor a time')
  await expect(rollBackTo(gold.snapshotId, { domain: 'stocks' })).rejects.toThrow(
    'domain is "stocks": name one that has tables: traders',
  )
})
