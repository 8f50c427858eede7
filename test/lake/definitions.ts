import { holds } from '../../schemas/check.js'
import { type Columns, integer, type RowOf, text } from '../../schemas/column.js'
import { defineStage, defineTable, type Stage, type Table } from '../../schemas/table.js'
import type { View } from '../../schemas/view.js'

type Definition<C extends Columns> = Parameters<typeof defineTable<C>>[1]

const columns = { id: text, amount: integer }

/** A small table of a stage that no domain has, to be defined again and again as a developer would. */
export const measurements = <C extends Columns>(
  changed: Partial<Definition<C>> & { columns: C; example: RowOf<C> },
  name = 'test_bronze.measurements',
): Table =>
  defineTable<C>(name, {
    dataset: { purpose: 'test', subject: 'sensor', grain: 'measurement' },
    grain: 'One row per measurement.',
    key: ['id'],
    checks: { 'id is not empty': holds("id <> ''") },
    ...changed,
  })

export const firstMeasurements = measurements({ columns, example: { id: 'a', amount: 1 } })

export const stageOf = (tables: readonly Table[], views: readonly View[] = []): Stage =>
  defineStage('test_bronze', tables, views)
