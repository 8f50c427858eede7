import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidInput } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { bigint, double, integer, nullable, text } from '../../schemas/column.js'
import type { Table } from '../../schemas/table.js'
import { measurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const parts = { purpose: 'test', subject: 'sensor', grain: 'measurement' }

/** The build of today and a newer one, which meets the lake first; what the older one finds then. */
describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([stageOf([])], catalog)
  })
  afterAll(() => scratch.close())

  const all = (sql: string) => scratch.lake.session((session) => session.all(sql))
  const snapshot = async () => Number((await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id'])
  const define = (table: Table) => reconcile(scratch.lake, [stageOf([table])])
  const older = (name: string, revision = 0) =>
    measurements(
      { dataset: { ...parts, revision }, columns: { id: text, amount: integer }, example: { id: 'a', amount: 1 } },
      name,
    )

  test('works beside columns that may be NULL and another layout, and changes neither', async () => {
    const name = 'test_bronze.extended'
    await define(older(name))
    await define(
      measurements(
        {
          columns: { id: text, amount: integer, unit: nullable(text) },
          sortedBy: ['id'],
          example: { id: 'a', amount: 1, unit: null },
        },
        name,
      ),
    )
    const before = await snapshot()
    expect(await define(older(name))).toEqual({
      changes: [],
      notices: [
        `${name} is at version 1.1 in the lake and 1.0 in this build, which is older; unit stays NULL in its rows. Where going back is meant, raise the revision of the definition`,
      ],
    })
    expect(await snapshot()).toBe(before)
    await all(`INSERT INTO ${inLake(name)} (id, amount) VALUES ('a', 1)`)
    expect(await all(`FROM ${inLake(name)}`)).toEqual([{ id: 'a', amount: 1, unit: null }])
  })

  test.each([
    ['a wider type', { columns: { id: text, amount: bigint }, example: { id: 'a', amount: 1n } }, 'amount'],
    [
      'a value that may be NULL now',
      { columns: { id: text, amount: nullable(integer) }, example: { id: 'a', amount: null } },
      'amount',
    ],
    [
      'another name',
      { columns: { id: text, total: integer }, renamed: { total: 'amount' }, example: { id: 'a', total: 1 } },
      'amount, total',
    ],
  ])('does not start with %s', async (what, newer, fields) => {
    const name = `test_bronze.with_${what.replaceAll(' ', '_').toLowerCase()}`
    await define(older(name))
    await define(measurements<typeof newer.columns>(newer, name))
    const before = await snapshot()
    const refused = define(older(name))
    await expect(refused).rejects.toThrow(InvalidInput)
    await expect(refused).rejects.toThrow(
      `${name} is at version 1.1 in the lake and 1.0 in this build, which is older; it cannot work with what became of ${fields}: start the newer build. Where going back is meant, raise the revision of the definition`,
    )
    expect(await snapshot()).toBe(before)
  })

  test('is told from one that goes back on purpose by the revision', async () => {
    const name = 'test_bronze.back'
    await define(older(name))
    await define(
      measurements({ columns: { id: text, amount: integer }, sortedBy: ['id'], example: { id: 'a', amount: 1 } }, name),
    )
    const { changes, notices } = await define(older(name, 1))
    expect(notices).toEqual([])
    expect(changes.map(({ description }) => description)).toEqual([
      'sorted by nothing instead of id, in files written from now on',
    ])
  })

  test('goes back to columns it lacks only by a new major version', async () => {
    const name = 'test_bronze.narrower'
    await define(older(name))
    await define(
      measurements(
        {
          columns: { id: text, amount: integer, extra: nullable(double) },
          example: { id: 'a', amount: 1, extra: null },
        },
        name,
      ),
    )
    await expect(define(older(name, 1))).rejects.toThrow(
      'extra: stored DOUBLE, defined not at all (its values would go)',
    )
  })
})
