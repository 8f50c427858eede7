import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InvalidInput } from '../../infra/errors.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { integer, text } from '../../schemas/column.js'
import { defineView } from '../../schemas/view.js'
import { firstMeasurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const large = (least: number, revision = 0) =>
  defineView('test_bronze.large', {
    grain: 'One row per large measurement.',
    columns: { id: text, amount: integer },
    select: `SELECT id, amount FROM lake.test_bronze.measurements WHERE amount >= ${least}`,
    revision,
  })

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeEach(async () => {
    scratch = await openScratchLake([stageOf([firstMeasurements], [large(2)])], catalog)
    await all(`INSERT INTO lake.test_bronze.measurements VALUES ('a', 1), ('b', 2), ('c', 3)`)
  })
  afterEach(() => scratch.close())

  const all = (sql: string): Promise<JsonRow[]> => scratch.lake.session((session) => session.all(sql))
  const ids = async (relation: string) => (await all(`SELECT id FROM ${relation} ORDER BY id`)).map(({ id }) => id)
  const snapshot = async () => (await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id']

  test('a view is created with its tables, and a restart adds no snapshot', async () => {
    expect(await ids('lake.test_bronze.large')).toEqual(['b', 'c'])
    const before = await snapshot()
    expect(await reconcile(scratch.lake, [stageOf([firstMeasurements], [large(2)])])).toEqual({
      changes: [],
      notices: [],
    })
    expect(await snapshot()).toBe(before)
  })

  test('is created anew when its SQL has changed, which is recorded with what undoes it', async () => {
    const before = Number(await snapshot())
    await reconcile(scratch.lake, [stageOf([firstMeasurements], [large(3)])], 'a build')
    expect(Number(await snapshot())).toBe(before + 1)
    expect(await ids('lake.test_bronze.large')).toEqual(['c'])
    const recorded = await all(
      `SELECT description, applied_by, rollback_sql FROM lake.meta.changes WHERE dataset = 'test_bronze.large' ORDER BY snapshot_id`,
    )
    expect(recorded).toMatchObject([
      { description: 'view created' },
      { description: 'view created anew', applied_by: 'a build' },
    ])
    await all(String(recorded[1]?.['rollback_sql']))
    expect(await ids('lake.test_bronze.large')).toEqual(['b', 'c'])
  })

  test('an older build leaves a newer view alone, unless going back is meant', async () => {
    await reconcile(scratch.lake, [stageOf([firstMeasurements], [large(3)])])
    const before = await snapshot()
    const { notices } = await reconcile(scratch.lake, [stageOf([firstMeasurements], [large(2)])])
    expect(notices).toEqual([
      'test_bronze.large is newer in the lake than in this build, and left as it is. Where going back is meant, raise the revision of the definition',
    ])
    expect(await snapshot()).toBe(before)
    await reconcile(scratch.lake, [stageOf([firstMeasurements], [large(2, 1)])])
    expect(await ids('lake.test_bronze.large')).toEqual(['b', 'c'])
  })

  test('a view that gives other columns than it says is refused, and nothing is changed', async () => {
    const before = await snapshot()
    const wrong = defineView('test_bronze.large', {
      grain: 'One row per large measurement.',
      columns: { id: text, amount: text },
      select: `SELECT id, amount, 1 AS extra FROM lake.test_bronze.measurements`,
    })
    const refused = reconcile(scratch.lake, [stageOf([firstMeasurements], [wrong])])
    await expect(refused).rejects.toThrow(InvalidInput)
    await expect(refused).rejects.toThrow(
      [
        `the lake cannot be brought to its definitions:`,
        `test_bronze.large.amount: the view's SELECT gives INTEGER, defined VARCHAR`,
        `test_bronze.large.extra: the view's SELECT gives INTEGER, defined not at all`,
      ].join('\n'),
    )
    expect(await snapshot()).toBe(before)
  })

  test('a table whose name becomes a view keeps its rows under another name', async () => {
    const view = defineView('test_bronze.measurements', {
      grain: 'One row per measurement.',
      columns: { id: text },
      select: `SELECT 'from the view' AS id`,
    })
    await reconcile(scratch.lake, [stageOf([], [view])])
    expect(await ids('lake.test_bronze.measurements')).toEqual(['from the view'])
    expect(await ids('lake.test_bronze.measurements_before_view')).toEqual(['a', 'b', 'c'])
  })

  test('a reader who attaches the lake under another name reads it too', async () => {
    const { catalog } = scratch.options
    const address = catalog.kind === 'file' ? catalog.path : 'postgres:'
    await all('DETACH lake')
    await all(
      `ATTACH 'ducklake:${address}' AS elsewhere (READ_ONLY${catalog.kind === 'file' ? '' : ", META_SECRET 'lake_catalog'"})`,
    )
    expect(await ids('elsewhere.test_bronze.large')).toEqual(['b', 'c'])
  })
})
