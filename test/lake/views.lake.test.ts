import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { InvalidInput } from '../../infra/errors.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { integer, text } from '../../schemas/column.js'
import type { Table } from '../../schemas/table.js'
import { defineView } from '../../schemas/view.js'
import { measurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([], catalog)
  })
  afterAll(() => scratch.close())

  /** Each test has a table and a view of its own in one lake. */
  let number = 0
  let table: Table
  let view: string
  beforeEach(async () => {
    number += 1
    table = measurements(
      { columns: { id: text, amount: integer }, example: { id: 'a', amount: 1 } },
      `test_bronze.measurements_${number}`,
    )
    view = `test_bronze.large_${number}`
    await reconcile(scratch.lake, [stageOf([table], [large(2)])])
    await all(`INSERT INTO lake.${table.name} VALUES ('a', 1), ('b', 2), ('c', 3)`)
  })
  const large = (least: number, revision = 0) =>
    defineView(view, {
      grain: 'One row per large measurement.',
      columns: { id: text, amount: integer },
      select: `SELECT id, amount FROM lake.${table.name} WHERE amount >= ${least}`,
      revision,
    })

  const all = (sql: string): Promise<JsonRow[]> => scratch.lake.session((session) => session.all(sql))
  const ids = async (relation: string) => (await all(`SELECT id FROM ${relation} ORDER BY id`)).map(({ id }) => id)
  const snapshot = async () => (await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id']

  test('a view is created with its tables, and a restart adds no snapshot', async () => {
    expect(await ids(`lake.${view}`)).toEqual(['b', 'c'])
    const before = await snapshot()
    expect(await reconcile(scratch.lake, [stageOf([table], [large(2)])])).toEqual({
      changes: [],
      notices: [],
    })
    expect(await snapshot()).toBe(before)
  })

  test('is created anew when its SQL has changed, which is recorded with what undoes it', async () => {
    const before = Number(await snapshot())
    await reconcile(scratch.lake, [stageOf([table], [large(3)])], 'a build')
    expect(Number(await snapshot())).toBe(before + 1)
    expect(await ids(`lake.${view}`)).toEqual(['c'])
    const recorded = await all(
      `SELECT description, applied_by, rollback_sql FROM lake.meta.changes WHERE dataset = '${view}' ORDER BY snapshot_id`,
    )
    expect(recorded).toMatchObject([
      { description: 'view created' },
      { description: 'view created anew', applied_by: 'a build' },
    ])
    await all(String(recorded[1]?.['rollback_sql']))
    expect(await ids(`lake.${view}`)).toEqual(['b', 'c'])
  })

  test('an older build leaves a newer view alone, unless going back is meant', async () => {
    await reconcile(scratch.lake, [stageOf([table], [large(3)])])
    const before = await snapshot()
    const { notices } = await reconcile(scratch.lake, [stageOf([table], [large(2)])])
    expect(notices).toEqual([
      `${view} is newer in the lake than in this build, and left as it is. Where going back is meant, raise the revision of the definition`,
    ])
    expect(await snapshot()).toBe(before)
    await reconcile(scratch.lake, [stageOf([table], [large(2, 1)])])
    expect(await ids(`lake.${view}`)).toEqual(['b', 'c'])
  })

  test('a view that gives other columns than it says is refused, and nothing is changed', async () => {
    const before = await snapshot()
    const wrong = defineView(view, {
      grain: 'One row per large measurement.',
      columns: { id: text, amount: text },
      select: `SELECT id, amount, 1 AS extra FROM lake.${table.name}`,
    })
    const refused = reconcile(scratch.lake, [stageOf([table], [wrong])])
    await expect(refused).rejects.toThrow(InvalidInput)
    await expect(refused).rejects.toThrow(
      [
        `the lake cannot be brought to its definitions:`,
        `${view}.amount: the view's SELECT gives INTEGER, defined VARCHAR`,
        `${view}.extra: the view's SELECT gives INTEGER, defined not at all`,
      ].join('\n'),
    )
    expect(await snapshot()).toBe(before)
  })

  test('a table does not change under a view that then would not run', async () => {
    const before = await snapshot()
    const renamed = measurements(
      { columns: { id: text, total: integer }, renamed: { total: 'amount' }, example: { id: 'a', total: 1 } },
      table.name,
    )
    await expect(reconcile(scratch.lake, [stageOf([renamed], [large(2)])])).rejects.toThrow(
      /test_bronze.large_\d+: the view's SELECT does not run: .*"amount"/,
    )
    expect(await snapshot()).toBe(before)
  })

  test('a table whose name becomes a view keeps its rows under another name', async () => {
    const heir = defineView(table.name, {
      grain: 'One row per measurement.',
      columns: { id: text },
      select: `SELECT 'from the view' AS id`,
    })
    await reconcile(scratch.lake, [stageOf([], [heir])])
    expect(await ids(`lake.${table.name}`)).toEqual(['from the view'])
    expect(await ids(`lake.${table.name}_before_view`)).toEqual(['a', 'b', 'c'])
  })

  test('a reader who attaches the lake under another name reads it too', async () => {
    const { catalog } = scratch.options
    const address = catalog.kind === 'file' ? catalog.path : 'postgres:'
    await all('DETACH lake')
    await all(
      `ATTACH 'ducklake:${address}' AS elsewhere (READ_ONLY${catalog.kind === 'file' ? '' : ", META_SECRET 'lake_catalog'"})`,
    )
    expect(await ids(`elsewhere.${view}`)).toEqual(['b', 'c'])
  })
})
