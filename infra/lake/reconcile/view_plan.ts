import { inLake, quotedIdentifier } from '../identifier.js'
import type { Session } from '../session.js'
import { goingBack, outlivedVersion } from './older_build.js'
import { nothing, type Plan } from './plan.js'
import { hashOf, type ViewShape } from './shape.js'
import type { StoredLake } from './stored_lake.js'

interface NamedView extends ViewShape {
  readonly name: string
}

/** A table whose name a view is to have keeps its rows under another one. */
export const displaceTable = (name: string, kept: string, description: string): Plan => {
  const bare = (relation: string) => relation.slice(relation.indexOf('.') + 1)
  return {
    ...nothing,
    statements: [`ALTER TABLE ${inLake(name)} RENAME TO ${quotedIdentifier(bare(kept))}`],
    changes: [
      {
        dataset: name,
        type: 'version',
        description: `${description}; its own rows stay in ${kept}`,
        rollbackSql: `DROP VIEW ${inLake(name)}; ALTER TABLE ${inLake(kept)} RENAME TO ${quotedIdentifier(bare(name))}`,
      },
    ],
    moved: [{ from: name, to: kept }],
  }
}

/** Creates a view, or creates it anew where its definition has changed. */
export const planView = ({ name, ...shape }: NamedView, lake: StoredLake): Plan => {
  const versions = lake.versions.get(name) ?? []
  const hash = hashOf(shape)
  const former = lake.views.get(name)
  // Of an unchanged view too: a table it reads may have changed under it.
  const verify = (session: Session) => otherColumns(session, name, shape)
  if (former !== undefined) {
    if (versions.at(-1)?.hash === hash) return { ...nothing, verifications: [verify] }
    if (outlivedVersion(hash, versions) !== undefined)
      return {
        ...nothing,
        notices: [`${name} is newer in the lake than in this build, and left as it is. ${goingBack}`],
      }
  }
  return {
    ...nothing,
    statements: [`CREATE OR REPLACE VIEW ${inLake(name)} AS ${shape.select}`],
    changes: [
      {
        dataset: name,
        type: 'view',
        description: former === undefined ? 'view created' : 'view created anew',
        rollbackSql:
          former === undefined
            ? `DROP VIEW ${inLake(name)}`
            : former.replace(/^CREATE VIEW \S+/, () => `CREATE OR REPLACE VIEW ${inLake(name)}`),
      },
    ],
    verifications: [verify],
    versions: [
      { relation: name, major: versions.at(-1)?.major ?? 1, minor: versions.length, hash, shape, mappings: {} },
    ],
  }
}

/** What a view gives that its definition does not say, or says otherwise. */
const otherColumns = async (session: Session, name: string, { columns }: ViewShape): Promise<string[]> => {
  const rows = await session
    .all(`DESCRIBE ${inLake(name)}`)
    .catch((error: unknown) => String(error).split('\n')[0] ?? '')
  if (typeof rows === 'string') return [`${name}: the view's SELECT does not run: ${rows}`]
  const given = new Map(rows.map((row) => [String(row['column_name']), String(row['column_type'])]))
  const names = [...new Set([...Object.keys(columns), ...given.keys()])]
  return names.flatMap((column) => {
    const [defined, there] = [columns[column]?.type, given.get(column)]
    return defined === there
      ? []
      : [`${name}.${column}: the view's SELECT gives ${there ?? 'no such column'}, defined ${defined ?? 'not at all'}`]
  })
}
