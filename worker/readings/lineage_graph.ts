import { DuckDBInstance } from '@duckdb/node-api'
import { Session } from '../../infra/lake/session.js'
import { tablesAbove } from '../../infra/lineage/graph.js'
import { type Lineage, readLineage } from '../../infra/lineage/lineage.js'
import type { Domain } from '../../schemas/domain.js'
import type { Table } from '../../schemas/table.js'

export interface LineageEdge {
  readonly from: string
  readonly to: string
}

/** All tables of the domains, in the order of their definition. */
export const tablesOf = (domains: readonly Domain[]): Table[] =>
  domains.flatMap(({ stages }) => stages).flatMap(({ tables }) => tables)

/** Gives the lineage of the domains' tables, from their definitions, to `work`. Needs no lake. */
export const withLineage = async <T>(domains: readonly Domain[], work: (lineage: Lineage) => T): Promise<T> => {
  const instance = await DuckDBInstance.create(':memory:')
  try {
    return work(await readLineage(new Session(await instance.connect()), tablesOf(domains)))
  } finally {
    instance.closeSync()
  }
}

/** Which table is derived from which. */
export const readEdges = (domains: readonly Domain[]): Promise<LineageEdge[]> =>
  withLineage(domains, (lineage) =>
    tablesOf(domains).flatMap((table) =>
      tablesAbove(lineage, table.name).map(({ name }) => ({ from: name, to: table.name })),
    ),
  )

/** Tables by their layer, in the order data flows. */
export const layersOf = (tables: readonly Table[]): { readonly name: string; readonly tables: readonly string[] }[] => {
  const order = ['bronze', 'silver', 'gold', 'published']
  const layerOf = ({ schema }: Table) => schema.slice(schema.lastIndexOf('_') + 1)
  return order.map((name) => ({
    name,
    tables: tables.filter((table) => layerOf(table) === name).map((table) => table.name),
  }))
}
