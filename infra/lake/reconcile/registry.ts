import { randomUUID } from 'node:crypto'
import { datasets } from '../../../schemas/meta/datasets.js'
import { schemaVersions } from '../../../schemas/meta/schema_versions.js'
import type { Row, Table } from '../../../schemas/table.js'
import { inLake } from '../identifier.js'
import { insertJson } from '../insert_json.js'
import type { Session } from '../session.js'
import type { Plan } from './plan.js'
import type { StoredLake } from './stored_lake.js'

/** Writes what meta.datasets and meta.schema_versions are to say, in the transaction of the changes they describe. */
export const register = async (
  session: Session,
  { versions, moved }: Plan,
  tables: readonly Table[],
  lake: StoredLake,
): Promise<void> => {
  const now = new Date()
  if (versions.length > 0) {
    const rows = versions.map(
      ({ relation, major, minor, hash, shape, mappings }): Row<typeof schemaVersions> => ({
        version_id: randomUUID(),
        dataset: relation,
        major_version: major,
        minor_version: minor,
        schema_hash: hash,
        shape: JSON.stringify(shape),
        column_mappings: JSON.stringify(mappings),
        created_at: now,
      }),
    )
    await insertJson(session, schemaVersions, rows)
  }
  for (const { from, to } of moved) {
    await session.run(
      `UPDATE ${inLake(datasets.name)} SET lake_table = $to, updated_at = $now::TIMESTAMPTZ WHERE lake_table = $from`,
      { from, to, now: now.toISOString() },
    )
  }
  const changed = tables.flatMap((table) => {
    const version = versions.find(({ relation }) => relation === table.name)
    return version === undefined ? [] : [described(table, version.minor)]
  })
  const added = changed.filter(({ lake_table }) => !lake.datasets.has(lake_table))
  if (added.length > 0) {
    await insertJson(
      session,
      datasets,
      added.map((row) => ({ ...row, created_at: now, updated_at: now })),
    )
  }
  for (const row of changed.filter(({ lake_table }) => lake.datasets.has(lake_table))) {
    const columns = Object.keys(row).map((column) => `${column} = $${column}`)
    await session.run(
      `UPDATE ${inLake(datasets.name)} SET ${columns.join(', ')}, updated_at = $now::TIMESTAMPTZ WHERE lake_table = $lake_table`,
      { ...row, now: now.toISOString() },
    )
  }
}

const described = (
  { name, grain, dataset }: Table,
  minorVersion: number,
): Omit<Row<typeof datasets>, 'created_at' | 'updated_at'> => ({
  name: dataset.name,
  lake_table: name,
  tier: dataset.tier,
  domain: dataset.domain,
  purpose: dataset.purpose,
  subject: dataset.subject,
  grain: dataset.grain,
  description: grain,
  major_version: dataset.version,
  minor_version: minorVersion,
})
