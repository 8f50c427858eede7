import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { integer, text } from '../schemas/column.js'
import { assembleDomains, type Domain } from '../schemas/domain.js'
import { defineStage, type Stage } from '../schemas/table.js'
import { defineView } from '../schemas/view.js'
import { measurements } from './lake/definitions.js'

const columns = { id: text }
const example = { id: 'a' }
const parts = { purpose: 'test', subject: 'sensor', grain: 'measurement' }

describe('a definition', () => {
  test('names its dataset', () => {
    const table = measurements({ columns, example }, 'tests_bronze.measurements')
    expect(table.dataset).toEqual({
      ...parts,
      name: 'tests.test_sensor_measurement_v1',
      domain: 'tests',
      tier: 'bronze',
      version: 1,
      revision: 0,
    })
  })

  const replaces = { table: 'test_bronze.old', view: (table: string) => `SELECT * FROM ${table}` }
  test.each([
    [
      'test_bronze.x',
      { dataset: { ...parts, subject: 'two words' } },
      'dataset.subject "two words" is not one lower-case word',
    ],
    ['test_bronze.x', { dataset: { ...parts, version: 1.5 } }, 'dataset.version 1.5 is not a whole number from 1'],
    [
      'test_bronze.x',
      { dataset: { ...parts, version: 2 }, replaces },
      "dataset.version is 2, but the table's name has no version",
    ],
    ['test_bronze.x_v3', { dataset: { ...parts, version: 2 }, replaces }, 'name ends in _v3'],
    ['test_bronze.x_v2', { dataset: { ...parts, version: 2 } }, 'dataset.version 2 and replaces go together'],
    ['test_bronze.x', { replaces }, 'dataset.version 1 and replaces go together'],
    [
      'test_bronze.x_v2',
      { dataset: { ...parts, version: 2 }, replaces: { ...replaces, table: 'other_bronze.x' } },
      'replaces.table "other_bronze.x" is of another stage',
    ],
    ['test_bronze.x', { renamed: { other: 'old' } }, 'renamed.other "old" must give a column of now'],
    ['test_bronze.x', { renamed: { id: 'id' } }, 'renamed.id "id" must give a column of now'],
    ['test_bronze.x y', {}, '"test_bronze.x y" is not a lower-case SQL name'],
  ])('of %s is refused: %o', (name, changed, message) => {
    expect(() => measurements({ columns, example, ...changed }, name)).toThrow(message)
  })

  test('of a view has SQL names', () => {
    expect(() => defineView('test_bronze.x', { grain: 'x', columns: { 'a b': integer }, select: 'SELECT 1' })).toThrow(
      '"a b" is not a lower-case SQL name',
    )
  })
})

describe('names are given once', () => {
  const table = measurements({ columns, example }, 'test_bronze.one')
  const domain = (name: string, stages: readonly Stage[]): { domain: Domain } => ({
    domain: { name, stages, pipeline: { workflowType: 'x', workflowIdPrefix: 'x', input: z.object({}) } },
  })

  test('in a stage', () => {
    expect(() => defineStage('test_bronze', [table, table])).toThrow('test_bronze.one is in stage test_bronze twice')
    expect(() => defineStage('test_silver', [table])).toThrow('test_bronze.one does not belong to stage test_silver')
  })

  test('in all domains', () => {
    const twin = measurements({ columns, example }, 'test_silver.two')
    const stages = [defineStage('test_bronze', [table]), defineStage('test_silver', [twin])]
    expect(() => assembleDomains([domain('test', stages)])).toThrow(
      'test_silver.two: the name test.test_sensor_measurement_v1 is that of test_bronze.one already; give one of them another',
    )
    expect(() => assembleDomains([domain('test', []), domain('test', [])])).toThrow('is that of domain test already')
    expect(assembleDomains([domain('test', stages.slice(0, 1))])).toHaveLength(1)
  })
})
