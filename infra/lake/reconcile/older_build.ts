import type { Table } from '../../../schemas/table.js'
import { nothing, type Plan } from './plan.js'
import { shapeOf } from './shape.js'
import type { StoredTable, StoredVersion } from './stored_lake.js'

/** The version that a definition is of, where the lake has a newer one: this build is then older than the lake. */
export const outlivedVersion = (hash: string, versions: readonly StoredVersion[]): StoredVersion | undefined =>
  versions.at(-1)?.hash === hash ? undefined : versions.findLast((version) => version.hash === hash)

/**
 * An older build changes nothing. It may work where all that is newer is another layout and columns that may be NULL, which its
 * inserts leave out; else it is refused, as it would read or write what its code was not written for.
 */
export const workBesideNewer = (
  table: Table,
  stored: StoredTable,
  own: StoredVersion,
  newest: StoredVersion | undefined,
): Plan => {
  const { columns } = shapeOf(table)
  const newer = [...stored.columns.keys()].filter((name) => columns[name] === undefined)
  const missing = Object.entries(columns).flatMap(([name, { type, nullable }]) => {
    const there = stored.columns.get(name)
    return there?.type === type && there.nullable === nullable ? [] : [name]
  })
  const foreign = [...missing, ...newer.filter((name) => stored.columns.get(name)?.nullable === false)]
  const versions = `version ${said(newest)} in the lake and ${said(own)} in this build, which is older`
  if (foreign.length > 0) {
    return {
      ...nothing,
      refusals: [
        `${table.name} is at ${versions}; it cannot work with what became of ${foreign.join(', ')}: start the newer build. ${goingBack}`,
      ],
    }
  }
  const left = newer.length === 0 ? '' : `; ${newer.join(', ')} stay${newer.length === 1 ? 's' : ''} NULL in its rows`
  return { ...nothing, notices: [`${table.name} is at ${versions}${left}. ${goingBack}`] }
}

export const goingBack = 'Where going back is meant, raise the revision of the definition'

const said = (version: StoredVersion | undefined): string =>
  version === undefined ? 'none' : `${version.major}.${version.minor}`

/** A table of this build that a newer one has replaced by another under another name. */
export const replacedByNewer = (table: Table): Plan => ({
  ...nothing,
  refusals: [
    `${table.name} is a table in this build and a view in the lake: a newer build has replaced the table. Start that build`,
  ],
})
