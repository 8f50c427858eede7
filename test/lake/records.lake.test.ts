import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import type { SourceRange } from '../../activities/write.js'
import { holds } from '../../schemas/check.js'
import { integer, nullable, text } from '../../schemas/column.js'
import { defineStage, defineTable } from '../../schemas/table.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const readings = defineTable('records_bronze.readings', {
  dataset: { purpose: 'reading', subject: 'sensor', grain: 'reading' },
  grain: 'One row per reading.',
  columns: { sensor: text, celsius: nullable(integer) },
  key: ['sensor'],
  checks: {
    'sensors have a name': holds("sensor <> ''"),
    'it is not too warm': holds('coalesce(celsius < 40, true)', { severity: 'warning' }),
  },
  example: { sensor: 'north', celsius: 20 },
})
const bronze = defineStage('records_bronze', [readings])

describe.each(scratchCatalogs)('what a commit records, on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([bronze], catalog)
  })
  afterAll(() => scratch.close())

  const write = (key: string, rows: string, source?: SourceRange) =>
    commit(scratch.lake, {
      stage: bronze,
      key: `records/${key}`,
      name: 'read_sensors',
      message: key,
      provenance: { pipeline: 'records', logicalRun: key, attempt: 1, codeVersion: 'build 7' },
      prepare: async (session) => {
        await session.run(`CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM (VALUES ${rows}) AS r(sensor, celsius)`)
        return {
          inputs: { elsewhere: 3 },
          writes: [
            {
              table: readings,
              staged: 'staged',
              replaces: { kind: 'nothing' },
              ...(source === undefined ? {} : { source }),
            },
          ],
        }
      },
    })
  const all = (sql: string) => scratch.lake.session((session) => session.all(sql))

  test('lineage tells what each table’s rows were made from', async () => {
    const receipt = await write('origins', "('a', 1), ('b', 2)", { partition: 'roof', start: '100', end: '200' })
    const again = await write('more of it', "('b', 2), ('c', 3)")
    expect(
      await all('SELECT * EXCLUDE (id, created_at, checksum, undone_by) FROM lake.meta.lineage ORDER BY snapshot_id'),
    ).toEqual([
      {
        dataset: 'records_bronze.readings',
        partition: 'roof',
        source_start: '100',
        source_end: '200',
        inputs: '{"elsewhere":3}',
        pipeline_version: 'build 7',
        processor_name: 'read_sensors',
        row_count: '2',
        commit_key: 'records/origins',
        snapshot_id: String(receipt.snapshotId),
      },
      {
        dataset: 'records_bronze.readings',
        partition: null,
        source_start: null,
        source_end: null,
        inputs: '{"elsewhere":3}',
        pipeline_version: 'build 7',
        processor_name: 'read_sensors',
        // One of the two was stored already.
        row_count: '1',
        commit_key: 'records/more of it',
        snapshot_id: String(again.snapshotId),
      },
    ])
    expect(receipt.contentHashes).toEqual({
      'records_bronze.readings': (
        await all(`SELECT checksum FROM lake.meta.lineage WHERE snapshot_id = ${receipt.snapshotId}`)
      )[0]?.['checksum'],
    })
  })

  test('quality has a row for every check of an accepted and of a refused attempt', async () => {
    await write('warm', "('warm', 45)")
    await expect(write('nameless', "('', 1)")).rejects.toThrow('"sensors have a name" does not hold for 1 of 1 rows')
    const verdicts = (key: string) =>
      all(`
        SELECT check_name, check_type, severity, passed, offending_count, row_count, details FROM lake.meta.quality
        WHERE commit_key = 'records/${key}' ORDER BY check_name`)
    const passed = { passed: true, offending_count: '0', row_count: '1', details: null }
    expect(await verdicts('warm')).toEqual([
      {
        check_name: 'it is not too warm',
        check_type: 'validity',
        severity: 'warning',
        passed: false,
        offending_count: '1',
        row_count: '1',
        details: '[{"sensor":"warm","celsius":45}]',
      },
      { check_name: 'key is unique', check_type: 'consistency', severity: 'blocking', ...passed },
      { check_name: 'required columns have a value', check_type: 'completeness', severity: 'blocking', ...passed },
      { check_name: 'sensors have a name', check_type: 'validity', severity: 'blocking', ...passed },
    ])
    expect(await verdicts('nameless')).toMatchObject([
      { check_name: 'it is not too warm', passed: true },
      { check_name: 'key is unique', passed: true },
      { check_name: 'required columns have a value', passed: true },
      { check_name: 'sensors have a name', passed: false, details: '[{"sensor":"","celsius":1}]' },
    ])
    expect(await all("FROM lake.meta.lineage WHERE commit_key = 'records/nameless'")).toEqual([])
  })

  test('quality names the columns that have far more NULLs than ever before', async () => {
    await write('full', Array.from({ length: 20 }, (_, index) => `('full ${index}', 1)`).join(', '))
    await write('gone', Array.from({ length: 4 }, (_, index) => `('gone ${index}', NULL::INTEGER)`).join(', '))
    await write('still gone', Array.from({ length: 40 }, (_, index) => `('still ${index}', NULL::INTEGER)`).join(', '))
    await write('usual by now', "('x', NULL::INTEGER), ('y', 1)")
    expect(
      await all(`
        SELECT commit_key, any_value(null_anomalies) AS null_anomalies FROM lake.meta.quality
        WHERE commit_key IN ('records/full', 'records/gone', 'records/usual by now')
        GROUP BY commit_key ORDER BY min(created_at)`),
    ).toEqual([
      { commit_key: 'records/full', null_anomalies: null },
      { commit_key: 'records/gone', null_anomalies: 'celsius' },
      { commit_key: 'records/usual by now', null_anomalies: null },
    ])
  })

  test('no two records have the same id', async () => {
    for (const view of ['lineage', 'quality']) {
      const [row] = await all(
        `SELECT count(*) - count(DISTINCT id) AS twins, count(*) > 0 AS some FROM lake.meta.${view}`,
      )
      expect(row).toEqual({ twins: '0', some: true })
    }
  })
})
