import { z } from 'zod'
import type { Table } from '../../../schemas/table.js'
import { inLake } from '../identifier.js'
import { evolve } from './evolution.js'
import { createStatements } from './layout.js'
import { outlivedVersion, replacedByNewer, workBesideNewer } from './older_build.js'
import { nothing, type Plan, together } from './plan.js'
import { replace } from './replacement.js'
import { hashOf, shapeOf } from './shape.js'
import type { StoredLake, StoredVersion } from './stored_lake.js'

const keyOf = z.object({ key: z.array(z.string()) })

/** What a table needs: to be created, to take another's place, to change, or nothing. */
export const planTable = (table: Table, lake: StoredLake): Plan => {
  const stored = lake.tables.get(table.name)
  const versions = lake.versions.get(table.name) ?? []
  if (stored === undefined) {
    return lake.views.has(table.name) ? replacedByNewer(table) : together([create(table), replace(table, lake)])
  }
  const hash = hashOf(shapeOf(table))
  const newest = versions.at(-1)
  const own = outlivedVersion(hash, versions)
  if (own !== undefined) return workBesideNewer(table, stored, own, newest)
  const plan = evolve(table, stored, newest === undefined ? undefined : keyOf.parse(JSON.parse(newest.shape)).key)
  if (plan.refusals.length > 0 || newest?.hash === hash) return together([plan, replace(table, lake)])
  const mappings = Object.fromEntries(
    Object.entries(table.renamed).filter(([name, former]) => stored.columns.has(former) && !stored.columns.has(name)),
  )
  return together([plan, { ...nothing, versions: [nextVersion(table, versions, mappings)] }, replace(table, lake)])
}

const create = (table: Table): Plan => ({
  ...nothing,
  statements: createStatements(table),
  changes: [
    {
      dataset: table.name,
      type: 'create',
      description: `created as ${table.dataset.name}`,
      rollbackSql: `DROP TABLE ${inLake(table.name)}`,
    },
  ],
  versions: [nextVersion(table, [], {})],
})

const nextVersion = (table: Table, versions: readonly StoredVersion[], mappings: Readonly<Record<string, string>>) => ({
  relation: table.name,
  major: table.dataset.version,
  minor: versions.length,
  hash: hashOf(shapeOf(table)),
  shape: shapeOf(table),
  mappings,
})
