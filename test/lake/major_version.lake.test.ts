import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidInput } from '../../infra/errors.js'
import { atSnapshot, inLake } from '../../infra/lake/identifier.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { holds } from '../../schemas/check.js'
import { bigint, type Column, integer, nullable, text } from '../../schemas/column.js'
import type { Table } from '../../schemas/table.js'
import { measurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const decimal = (width: number, scale: number): Column<string> => ({
  sql: `DECIMAL(${width},${scale})`,
  value: z.string(),
  nullable: false,
})

const dataset = { purpose: 'test', subject: 'sensor', grain: 'measurement' }

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([stageOf([])], catalog)
  })
  afterAll(() => scratch.close())

  const all = (sql: string): Promise<JsonRow[]> => scratch.lake.session((session) => session.all(sql))
  const snapshot = async () => Number((await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id'])
  const define = (table: Table) => reconcile(scratch.lake, [stageOf([table])])
  /** Defines a table, then another in its place; resolves to why that is refused, having looked that nothing was changed. */
  const refusal = async (stored: Table, defined: Table): Promise<string> => {
    await define(stored)
    const before = await snapshot()
    const error: unknown = await define(defined).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(InvalidInput)
    expect(await snapshot()).toBe(before)
    return error instanceof Error ? error.message : ''
  }

  test('what loses something is refused, every difference at once, with the migration to write', async () => {
    const name = 'test_bronze.strict'
    const message = await refusal(
      measurements(
        {
          columns: { id: text, amount: bigint, price: decimal(20, 10), note: nullable(text), place: text },
          example: { id: 'a', amount: 1n, price: '1', note: null, place: 'x' },
        },
        name,
      ),
      measurements(
        {
          columns: { id: text, amount: integer, price: decimal(38, 2), note: text, unit: text, size: integer },
          key: ['id', 'unit'],
          example: { id: 'a', amount: 1, price: '1', note: 'x', unit: 'm', size: 1 },
        },
        name,
      ),
    )
    expect(message).toBe(`the lake cannot be brought to its definitions:
test_bronze.strict is stored otherwise than it is defined:
  amount: stored BIGINT NOT NULL, defined INTEGER NOT NULL (values need not fit)
  price: stored DECIMAL(20,10) NOT NULL, defined DECIMAL(38,2) NOT NULL (digits would be cut)
  note: stored VARCHAR, defined VARCHAR NOT NULL (old rows may hold NULL)
  place: stored VARCHAR NOT NULL, defined not at all (its values would go)
  size: stored not at all, defined INTEGER NOT NULL (old rows have no value for it)
  unit: stored not at all, defined VARCHAR NOT NULL (old rows have no value for it)
  key: stored (id), defined (id, unit) (other rows would be the same row)
  If that is another name for the same column, add to schemas/test/bronze/strict.ts:
    renamed: { unit: 'place' },
  Otherwise make it version 2, beside the stored one: schemas/test/bronze/strict.ts becomes schemas/test/bronze/strict_v2.ts with
    defineTable('test_bronze.strict_v2', {
      dataset: { purpose: 'test', subject: 'sensor', grain: 'measurement', version: 2 },
      replaces: {
        table: 'test_bronze.strict',
        view: (table) => \`SELECT id, amount::BIGINT AS amount, round(price, 10)::DECIMAL(20,10) AS price, note, <value>::VARCHAR AS place FROM \${table}\`,
        rows: (table) => \`SELECT amount::INTEGER AS amount, id, note, round(price, 2)::DECIMAL(38,2) AS price, <value>::INTEGER AS size, <value>::VARCHAR AS unit FROM \${table}\`,
      },`)
  })

  const readings = (version: 1 | 2 | 3): Table => {
    const name = version === 1 ? 'test_bronze.readings' : `test_bronze.readings_v${version}`
    if (version === 1)
      return measurements({ columns: { id: text, amount: text }, example: { id: 'a', amount: '1' } }, name)
    const replaced = version === 2 ? 'test_bronze.readings' : 'test_bronze.readings_v2'
    return measurements(
      {
        dataset: { ...dataset, version },
        replaces:
          version === 2
            ? {
                table: replaced,
                view: (table) => `SELECT id, amount::VARCHAR AS amount FROM ${table}`,
                rows: (table) => `SELECT id, amount::INTEGER AS amount FROM ${table}`,
              }
            : { table: replaced, view: (table) => `SELECT id, (amount / 10)::INTEGER AS amount FROM ${table}` },
        columns: { id: text, amount: integer },
        checks: { 'amount is positive': holds('amount > 0') },
        example: { id: 'a', amount: 1 },
      },
      name,
    )
  }

  test('a new major version takes the rows over, and leaves a view and the old rows to who knew the old name', async () => {
    await define(readings(1))
    await all(`INSERT INTO lake.test_bronze.readings VALUES ('a', '12')`)
    const before = await snapshot()
    await all(`INSERT INTO lake.test_bronze.readings VALUES ('b', '-1')`)
    await expect(define(readings(2))).rejects.toThrow(
      'test_bronze.readings_v2: "amount is positive" does not hold for 1 of the rows that replaces.rows takes over',
    )
    await all(`DELETE FROM lake.test_bronze.readings WHERE id = 'b'`)
    const { version } = (await all('SELECT version FROM lake.test_bronze._fence'))[0] ?? {}
    await define(readings(2))
    expect(await all('FROM lake.test_bronze.readings_v2')).toEqual([{ id: 'a', amount: 12 }])
    expect(await all('FROM lake.test_bronze.readings_before_v2')).toEqual([{ id: 'a', amount: '12' }])
    await all(`INSERT INTO lake.test_bronze.readings_v2 VALUES ('c', 3)`)
    expect(await all('FROM lake.test_bronze.readings ORDER BY id')).toEqual([
      { id: 'a', amount: '12' },
      { id: 'c', amount: '3' },
    ])
    expect(await all(`FROM ${atSnapshot('test_bronze.readings', before)}`)).toEqual([{ id: 'a', amount: '12' }])
    await expect(all(`INSERT INTO lake.test_bronze.readings VALUES ('d', '4')`)).rejects.toThrow('readings')
    expect((await all('SELECT version FROM lake.test_bronze._fence'))[0]).toEqual({
      version: String(Number(version) + 1),
    })
    expect(
      await all(
        `SELECT name, lake_table, major_version FROM lake.meta.datasets WHERE lake_table LIKE '%readings%' ORDER BY name`,
      ),
    ).toEqual([
      { name: 'test.test_sensor_measurement_v1', lake_table: 'test_bronze.readings_before_v2', major_version: 1 },
      { name: 'test.test_sensor_measurement_v2', lake_table: 'test_bronze.readings_v2', major_version: 2 },
    ])
    expect(
      await all(
        `SELECT change_type, description FROM lake.meta.changes WHERE dataset = 'test_bronze.readings' ORDER BY rowid`,
      ),
    ).toEqual([
      { change_type: 'create', description: 'created as test.test_sensor_measurement_v1' },
      {
        change_type: 'version',
        description:
          'replaced by test_bronze.readings_v2, which took its rows over; its own rows stay in test_bronze.readings_before_v2',
      },
      { change_type: 'view', description: 'view created' },
    ])
  })

  test('a restart leaves it so, and a build of the old version does not start', async () => {
    const before = await snapshot()
    expect((await define(readings(2))).changes).toEqual([])
    await expect(define(readings(1))).rejects.toThrow(
      'test_bronze.readings is a table in this build and a view in the lake: a newer build has replaced the table. Start that build',
    )
    expect(await snapshot()).toBe(before)
  })

  test('the version after it is read under both old names', async () => {
    await define(readings(3))
    await all(`INSERT INTO lake.test_bronze.readings_v3 VALUES ('e', 50)`)
    expect(await all('FROM lake.test_bronze.readings_v2')).toEqual([{ id: 'e', amount: 5 }])
    expect(await all('FROM lake.test_bronze.readings')).toEqual([{ id: 'e', amount: '5' }])
  })

  test('a compatibility view that lacks a column is refused', async () => {
    const name = 'test_bronze.incomplete'
    await define(measurements({ columns: { id: text, amount: text }, example: { id: 'a', amount: '1' } }, name))
    const before = await snapshot()
    const next = measurements(
      {
        dataset: { ...dataset, version: 2 },
        replaces: { table: name, view: (table) => `SELECT id FROM ${table}` },
        columns: { id: text },
        example: { id: 'a' },
      },
      `${name}_v2`,
    )
    await expect(define(next)).rejects.toThrow(
      `test_bronze.incomplete.amount: the view's SELECT gives no such column, defined VARCHAR`,
    )
    expect(await snapshot()).toBe(before)
  })

  test('where the old version never was, the new one is a table like any other', async () => {
    const next = measurements(
      {
        dataset: { ...dataset, version: 2 },
        replaces: { table: 'test_bronze.unborn', view: (table) => `SELECT id FROM ${table}` },
        columns: { id: text },
        example: { id: 'a' },
      },
      'test_bronze.unborn_v2',
    )
    await define(next)
    expect(
      await all(`SELECT view_name FROM duckdb_views() WHERE database_name = 'lake' AND view_name = 'unborn'`),
    ).toEqual([])
    expect(await all(`FROM ${inLake('test_bronze.unborn_v2')}`)).toEqual([])
  })
})
