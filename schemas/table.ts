import { z } from 'zod'
import { type Check, complete, unique } from './check.js'
import type { Columns, RowOf } from './column.js'
import { type Dataset, datasetOf } from './dataset.js'
import { assertEvolution, type Evolution, type Replaced } from './evolution.js'
import { assertSqlNames } from './sql_name.js'
import type { View } from './view.js'

/** A relation a derivation computes on its way and nobody else reads: it lives as long as the step. */
export interface Intermediate {
  readonly name: string
  readonly derive: Derivation
}

export type Source = Table | Intermediate

/**
 * How a table follows from others, as one SELECT. Tables of another stage are read at the step's pinned snapshot, tables of
 * the same stage as this step has just derived them. `select` receives the SQL names of its sources under their aliases.
 */
export interface Derivation {
  readonly from: Readonly<Record<string, Source>>
  /** Recompute only the rows whose value of this column occurs in rows that its inputs gained; absent: the whole table. */
  readonly by?: string
  /** The column by which rows of other stages' tables that are later than the run's `as_of` are left out. */
  readonly time?: string
  /** Named values the SELECT binds as `$name`. */
  readonly parameters?: readonly string[]
  readonly select: (source: Readonly<Record<string, string>>) => string
}

/** When maintenance works on a table's files. */
export interface MaintenancePolicy {
  /** Small files are merged once there are this many. */
  readonly mergeFiles: number
  /** A file is rewritten once this share of its rows is deleted. */
  readonly rewriteDeletedShare: number
  /** A clustered table is clustered again once this share of its rows came after the last time. */
  readonly clusterNewShare: number
  /** What is smaller (each partition by itself) is merged like any other table. */
  readonly clusterMinBytes: number
}

export const usualMaintenance: MaintenancePolicy = {
  // A file costs a reader 1.5 ms to open, so ten are within what a query takes anyway.
  mergeFiles: 10,
  // Below, rewriting a file costs more than readers lose by skipping its deleted rows.
  rewriteDeletedShare: 0.2,
  // What is not in order yet is read besides what is: a fifth more at the most.
  clusterNewShare: 0.2,
  // Eight files of 8 MB: with fewer there is little to skip.
  clusterMinBytes: 64 * 1024 ** 2,
}

interface Definition<C extends Columns> extends Evolution {
  /** What one row is, in a sentence. */
  readonly grain: string
  readonly columns: C
  readonly key: readonly (keyof C & string)[]
  /** DuckLake partition transforms, such as `bucket(16, wallet_address)` or `month(block_time)`. */
  readonly partitionedBy?: readonly string[]
  readonly sortedBy?: readonly (keyof C & string)[]
  /**
   * Columns that rows are asked for by, each alone: maintenance orders the files along a Z-order curve over them, so that a
   * query on any of them reads few files. In place of `sortedBy`, which serves its first column only.
   */
  readonly clusteredBy?: readonly (keyof C & string)[]
  readonly maintenance?: Partial<MaintenancePolicy>
  readonly checks: Readonly<Record<string, Check>>
  /** A row that is valid, for a reader and for the conformance suite. */
  readonly example: RowOf<C>
  readonly derive?: Derivation
  /** Where rows come from that no SELECT derives: a service and its endpoint, as `BirdEye /defi/v3/token/list`, or a step. */
  readonly source?: readonly string[]
  /**
   * Which ranges of its source the table holds, where another table knows better than the commits, one range each: rows of
   * `partition`, `source_start` and `source_end` (half-open, as text: ISO times or whole numbers). A NULL start says that all
   * before the end is known to be missing.
   */
  readonly ranges?: Derivation
}

export interface Table<C extends Columns = Columns> {
  /** `<domain>_<layer>.<table>` */
  readonly name: string
  readonly schema: string
  readonly dataset: Dataset
  /** What one row is, in a sentence. */
  readonly grain: string
  readonly columns: C
  readonly key: readonly string[]
  readonly partitionedBy: readonly string[]
  readonly sortedBy: readonly string[]
  readonly clusteredBy: readonly string[]
  readonly maintenance: MaintenancePolicy
  readonly checks: Readonly<Record<string, Check>>
  readonly example: RowOf<C>
  readonly row: z.ZodType<RowOf<C>>
  readonly derive: Derivation | undefined
  readonly source: readonly string[]
  readonly ranges: Derivation | undefined
  readonly renamed: Readonly<Record<string, string>>
  readonly replaces: Replaced | undefined
}

export type Row<T extends Table> = T extends Table<infer C> ? RowOf<C> : never

/** Everything about a table, once: the DDL, the row's type, the checks and the derivation follow from here. */
export const defineTable = <C extends Columns>(name: string, definition: Definition<C>): Table<C> => {
  const names = Object.keys(definition.columns)
  assertSqlNames(name, names)
  const dataset = datasetOf(name, definition.dataset)
  assertEvolution(name, definition)
  const { sortedBy = [], clusteredBy = [] } = definition
  if (sortedBy.length > 0 && clusteredBy.length > 0)
    throw new Error(`${name} is both sortedBy and clusteredBy; a file has one order: keep one of them`)
  if (clusteredBy.length > 4) throw new Error(`${name} is clusteredBy ${clusteredBy.length} columns; keep four at most`)
  const required = names.filter((column) => definition.columns[column]?.nullable === false)
  const shape = Object.fromEntries(Object.entries(definition.columns).map(([column, { value }]) => [column, value]))
  return {
    name,
    schema: name.slice(0, name.indexOf('.')),
    dataset,
    grain: definition.grain,
    columns: definition.columns,
    key: definition.key,
    partitionedBy: definition.partitionedBy ?? [],
    sortedBy,
    clusteredBy,
    maintenance: { ...usualMaintenance, ...definition.maintenance },
    checks: {
      'required columns have a value': complete(required),
      'key is unique': unique(definition.key),
      ...definition.checks,
    },
    example: definition.example,
    row: z.strictObject(shape) as unknown as z.ZodType<RowOf<C>>,
    derive: definition.derive,
    source: definition.source ?? [],
    ranges: definition.ranges,
    renamed: definition.renamed ?? {},
    replaces: definition.replaces,
  }
}

/** One layer of one domain: the tables that one commit may write, behind one fence, and views for whoever reads. */
export interface Stage {
  readonly name: string
  readonly tables: readonly Table[]
  /** In the order they are created in: one may read those before it. */
  readonly views?: readonly View[]
}

export const defineStage = (name: string, tables: readonly Table[], views: readonly View[] = []): Stage => {
  const relations = [...tables, ...views]
  const stranger = relations.find(({ schema }) => schema !== name)
  if (stranger !== undefined) throw new Error(`${stranger.name} does not belong to stage ${name}`)
  const twin = relations.find((each, index) => relations.findIndex((other) => other.name === each.name) < index)
  if (twin !== undefined) throw new Error(`${twin.name} is in stage ${name} twice`)
  return { name, tables, views }
}
