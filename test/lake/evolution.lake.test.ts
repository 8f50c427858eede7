import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { atSnapshot, inLake } from '../../infra/lake/identifier.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { JsonRow } from '../../infra/lake/session.js'
import { bigint, type Column, double, integer, nullable, text, timestamp } from '../../schemas/column.js'
import type { Table } from '../../schemas/table.js'
import { measurements, stageOf } from './definitions.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const decimal = (width: number, scale: number): Column<string> => ({
  sql: `DECIMAL(${width},${scale})`,
  value: z.string(),
  nullable: false,
})

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([stageOf([])], catalog)
  })
  afterAll(() => scratch.close())

  const all = (sql: string): Promise<JsonRow[]> => scratch.lake.session((session) => session.all(sql))
  const snapshot = async () => Number((await all('SELECT id FROM lake.current_snapshot()'))[0]?.['id'])
  const define = (table: Table) => reconcile(scratch.lake, [stageOf([table])])
  const versionsOf = (name: string) =>
    all(
      `SELECT major_version, minor_version, column_mappings FROM lake.meta.schema_versions WHERE dataset = '${name}' ORDER BY ALL`,
    )
  const changesOf = async (name: string) =>
    (
      await all(
        `SELECT change_type, description FROM lake.meta.changes WHERE dataset = '${name}' ORDER BY snapshot_id, description`,
      )
    ).map(({ change_type, description }) => `${change_type}: ${description}`)

  test('a new lake names every table as a dataset, and a restart adds no snapshot', async () => {
    const before = await snapshot()
    expect(await reconcile(scratch.lake, [stageOf([])])).toEqual({ changes: [], notices: [] })
    expect(await snapshot()).toBe(before)
    const unnamed = await all(`
      SELECT table_name FROM duckdb_tables()
      WHERE database_name = 'lake' AND table_name <> '_fence'
        AND schema_name || '.' || table_name NOT IN (SELECT lake_table FROM lake.meta.datasets)`)
    expect(unnamed).toEqual([])
    expect(
      await all(`
        SELECT table_name FROM ducklake_table_info('lake')
        WHERE file_count > 0 AND table_name IN ('_fence', 'datasets', 'schema_versions', 'changes')`),
    ).toEqual([])
  })

  test('everything that loses nothing applies itself, in one snapshot, and old snapshots read as before', async () => {
    const name = 'test_bronze.gentle'
    const at = new Date('2026-01-02T03:04:05Z')
    await define(
      measurements(
        {
          columns: { id: text, count: integer, value: decimal(10, 2), remark: text, measured_at: timestamp },
          sortedBy: ['id'],
          partitionedBy: ['month(measured_at)'],
          example: { id: 'a', count: 1, value: '1.25', remark: 'x', measured_at: at },
        },
        name,
      ),
    )
    await all(
      `INSERT INTO ${inLake(name)} VALUES ('a', 7, 1.25, 'x', '2026-01-02'), ('b', 8, 99999999.99, 'y', '2026-02-02')`,
    )
    const before = await snapshot()
    const rowsBefore = await all(`FROM ${inLake(name)} ORDER BY id`)
    const changed = measurements(
      {
        columns: {
          sensor_id: text,
          note: nullable(text),
          count: bigint,
          value: decimal(20, 4),
          remark: nullable(text),
          taken_at: timestamp,
        },
        key: ['sensor_id'],
        renamed: { sensor_id: 'id', taken_at: 'measured_at' },
        sortedBy: ['sensor_id', 'taken_at'],
        partitionedBy: ['bucket(4, sensor_id)', 'month(taken_at)'],
        checks: {},
        example: { sensor_id: 'a', note: null, count: 1n, value: '1.25', remark: 'x', taken_at: at },
      },
      name,
    )
    await define(changed)
    expect(await snapshot()).toBe(before + 1)
    expect(await all(`FROM ${atSnapshot(name, before)} ORDER BY id`)).toEqual(rowsBefore)
    await all(`INSERT INTO ${inLake(name)} VALUES ('c', 3000000000, 0.0001, NULL, '2026-03-02', 'new')`)
    expect(await all(`SELECT sensor_id, note, count, value, remark FROM ${inLake(name)} ORDER BY sensor_id`)).toEqual([
      { sensor_id: 'a', note: null, count: '7', value: '1.2500', remark: 'x' },
      { sensor_id: 'b', note: null, count: '8', value: '99999999.9900', remark: 'y' },
      { sensor_id: 'c', note: 'new', count: '3000000000', value: '0.0001', remark: null },
    ])
    expect(await all(`SELECT sensor_id FROM ${inLake(name)} WHERE value < 1 OR count = 8 ORDER BY ALL`)).toEqual([
      { sensor_id: 'b' },
      { sensor_id: 'c' },
    ])
    expect(await changesOf(name)).toEqual([
      'create: created as test.test_sensor_measurement_v1',
      'schema: column count widened from INTEGER to BIGINT',
      'schema: column id renamed to sensor_id',
      'schema: column measured_at renamed to taken_at',
      'schema: column note VARCHAR added',
      'schema: column remark may be NULL from now on',
      'schema: column value widened from DECIMAL(10,2) to DECIMAL(20,4)',
      'partition: partitioned by bucket(4, sensor_id), month(taken_at) instead of month(taken_at), in files written from now on',
      'sort: sorted by sensor_id, taken_at instead of id, in files written from now on',
    ])
    expect(await versionsOf(name)).toEqual([
      { major_version: 1, minor_version: 0, column_mappings: '{}' },
      { major_version: 1, minor_version: 1, column_mappings: '{"sensor_id":"id","taken_at":"measured_at"}' },
    ])
    expect(
      await all(`SELECT major_version, minor_version FROM lake.meta.datasets WHERE lake_table = '${name}'`),
    ).toEqual([{ major_version: 1, minor_version: 1 }])
    const after = await snapshot()
    expect((await define(changed)).changes).toEqual([])
    expect(await snapshot()).toBe(after)
  })

  test('what undoes a change is SQL that does', async () => {
    const name = 'test_bronze.undone'
    const example = { id: 'a', amount: 1 }
    const columns = { id: text, amount: integer }
    await define(measurements({ columns, example }, name))
    await all(`INSERT INTO ${inLake(name)} VALUES ('a', 1)`)
    await define(
      measurements(
        {
          columns: { id: text, total: nullable(integer), extra: nullable(double) },
          renamed: { total: 'amount' },
          partitionedBy: ['bucket(2, id)'],
          sortedBy: ['id'],
          example: { id: 'a', total: 1, extra: null },
        },
        name,
      ),
    )
    const undo = await all(
      `SELECT rollback_sql FROM lake.meta.changes WHERE dataset = '${name}' AND change_type <> 'create' ORDER BY rowid DESC`,
    )
    expect(undo).toHaveLength(5)
    for (const { rollback_sql } of undo) await all(String(rollback_sql))
    const columnsNow = await all(
      `SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name = 'lake' AND table_name = 'undone' ORDER BY column_index`,
    )
    expect(columnsNow).toEqual([
      { column_name: 'id', data_type: 'VARCHAR', is_nullable: false },
      { column_name: 'amount', data_type: 'INTEGER', is_nullable: false },
    ])
  })

  test('a layout is taken off where the definition has none any more', async () => {
    const name = 'test_bronze.layout'
    const columns = { id: text }
    const example = { id: 'a' }
    await define(measurements({ columns, example, partitionedBy: ['bucket(2, id)'], sortedBy: ['id'] }, name))
    await define(measurements({ columns, example }, name))
    expect((await changesOf(name)).slice(1)).toEqual([
      'partition: partitioned by nothing instead of bucket(2, id), in files written from now on',
      'sort: sorted by nothing instead of id, in files written from now on',
    ])
    const before = await snapshot()
    await define(measurements({ columns, example }, name))
    expect(await snapshot()).toBe(before)
  })

  test('a column is added to a table of meta, whose rows are in the catalog', async () => {
    await all(`ALTER TABLE ${inLake('meta.changes')} DROP COLUMN rollback_sql`)
    const rows = Number((await all(`SELECT count(*) AS n FROM lake.meta.changes`))[0]?.['n'])
    await reconcile(scratch.lake, [stageOf([])])
    expect(await changesOf('meta.changes')).toContain('schema: column rollback_sql VARCHAR added')
    expect(
      await all(`SELECT count(*)::INTEGER AS n, count(rollback_sql)::INTEGER AS kept FROM lake.meta.changes`),
    ).toEqual([{ n: rows + 1, kept: 1 }])
  })

  test('a table that was made before datasets had names gets its own, and nothing else is changed', async () => {
    const name = 'test_bronze.adopted'
    const table = measurements({ columns: { id: text }, example: { id: 'a' } }, name)
    await define(table)
    await all(`DELETE FROM lake.meta.datasets WHERE lake_table = '${name}'`)
    await all(`DELETE FROM lake.meta.schema_versions WHERE dataset = '${name}'`)
    expect((await define(table)).changes).toEqual([])
    expect(await versionsOf(name)).toEqual([{ major_version: 1, minor_version: 0, column_mappings: '{}' }])
    expect(await all(`SELECT name FROM lake.meta.datasets WHERE lake_table = '${name}'`)).toEqual([
      { name: 'test.test_sensor_measurement_v1' },
    ])
  })
})
