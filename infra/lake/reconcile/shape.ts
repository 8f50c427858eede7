import { createHash } from 'node:crypto'
import type { Columns } from '../../../schemas/column.js'
import type { Table } from '../../../schemas/table.js'
import type { View } from '../../../schemas/view.js'

export interface ColumnShape {
  readonly type: string
  readonly nullable: boolean
}

/** What a table is stored as, and what makes two rows of it the same. */
export interface TableShape {
  readonly dataset: string
  readonly columns: Readonly<Record<string, ColumnShape>>
  readonly key: readonly string[]
  readonly partitioned_by: readonly string[]
  readonly sorted_by: readonly string[]
  readonly revision: number
}

export interface ViewShape {
  readonly columns: Readonly<Record<string, ColumnShape>>
  readonly select: string
  readonly revision: number
}

/** The type as DuckDB says it of a stored column. */
const storedType = (sql: string): string => (sql === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : sql)

/** By name: the order of columns is not part of a shape, as added ones are stored last wherever they are defined. */
const columnShapes = (columns: Columns): Record<string, ColumnShape> =>
  Object.fromEntries(
    Object.entries(columns)
      .map(([name, { sql, nullable }]): [string, ColumnShape] => [name, { type: storedType(sql), nullable }])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )

export const shapeOf = (table: Table): TableShape => ({
  dataset: table.dataset.name,
  columns: columnShapes(table.columns),
  key: table.key,
  partitioned_by: table.partitionedBy.map(partitionTerm),
  sorted_by: table.sortedBy,
  revision: table.dataset.revision,
})

export const viewShapeOf = ({ columns, select, revision }: View): ViewShape => ({
  columns: columnShapes(columns),
  select,
  revision,
})

/** One spelling of a partition transform, the catalog's and a definition's. */
const partitionTerm = (term: string): string => term.toLowerCase().replace(/[\s"]/g, '').replace(',', ', ')

/** Equal for equal definitions, in any process and build. */
export const hashOf = (shape: TableShape | ViewShape): string =>
  createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16)
