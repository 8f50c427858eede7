import { atSnapshot, quotedIdentifier } from '../infra/lake/identifier.js'
import type { Session } from '../infra/lake/session.js'
import type { Source, Table } from '../schemas/table.js'
import type { DerivationRequest } from './derive.js'
import { clusterSnapshots } from './lake/clustering.js'
import type { Receipt } from './receipt.js'

/** The values of the column `by` whose inputs changed, in a relation of the session. */
export interface Changes {
  readonly by: string
  readonly relation: string
}

interface ChangesRequest extends DerivationRequest {
  readonly derived: readonly Table[]
  readonly fingerprint: string
  readonly previous: Receipt | undefined
}

/**
 * Finds what changed in a stage's inputs since its previous commit. Undefined means that everything is to be derived: there is no
 * previous commit, it used other SQL or parameters, it saw later data, or the snapshots between have expired.
 */
export const findChanges = async (session: Session, request: ChangesRequest): Promise<Changes | undefined> => {
  const { derived, previous, fingerprint, parameters, snapshotId } = request
  const table = derived.find(({ derive }) => derive?.by !== undefined)
  const by = table?.derive?.by
  if (by === undefined || previous === undefined || previous.derivationFingerprint !== fingerprint) return undefined
  const { as_of: previousAsOf, ...previousRest } = previous.parameters
  const { as_of: asOf, ...rest } = parameters
  if (JSON.stringify(previousRest) !== JSON.stringify(rest) || String(previousAsOf) > asOf) return undefined
  const sources = [...new Set(derived.flatMap((each) => foreignSources(each, by, request.stage.name)))]
  if (sources.some(({ table: { schema } }) => (previous.inputs[schema] ?? Number.POSITIVE_INFINITY) > snapshotId))
    return undefined
  const selects = sources.flatMap((source) =>
    changedValues(source, by, previous.inputs[source.table.schema] ?? 0, snapshotId),
  )
  const relation = quotedIdentifier(`changed ${by}`)
  const late = sources.some(({ time }) => time !== undefined)
  try {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${relation} AS ${selects.join(' UNION ')}`,
      late ? { previous_as_of: String(previousAsOf) } : undefined,
    )
  } catch (error) {
    if (error instanceof Error && /snapshot/i.test(error.message)) return undefined
    throw error
  }
  return { by, relation }
}

interface ForeignSource {
  readonly table: Table
  readonly time: string | undefined
}

/** The tables of other stages that decide a `by`-derived table's rows value by value. */
const foreignSources = (consumer: Source, by: string, stage: string): ForeignSource[] => {
  if (consumer.derive?.by !== by) return []
  const time = consumer.derive.time
  return Object.values(consumer.derive.from).flatMap((source) => {
    if (!('schema' in source) || source.schema === stage) return foreignSources(source, by, stage)
    return source.columns[by] === undefined ? [] : [{ table: source, time }]
  })
}

/** Values with rows added or removed between the snapshots, and those with rows the previous `as_of` had left out. */
const changedValues = ({ table, time }: ForeignSource, by: string, previous: number, snapshotId: number): string[] => {
  const column = quotedIdentifier(by)
  const [schema, name] = table.name.split('.')
  const range = `'lake', '${schema}', '${name}', ${previous + 1}, ${snapshotId}`
  // Clustering takes rows out and puts the same ones in.
  const isChange = `snapshot_id NOT IN (${clusterSnapshots})`
  const between =
    previous < snapshotId
      ? [
          `SELECT ${column} FROM ducklake_table_insertions(${range}) WHERE ${isChange}`,
          `SELECT ${column} FROM ducklake_table_deletions(${range}) WHERE ${isChange}`,
        ]
      : [`SELECT ${column} FROM ${atSnapshot(table.name, snapshotId)} WHERE false`]
  if (time === undefined) return between
  const late = `SELECT ${column} FROM ${atSnapshot(table.name, snapshotId)} WHERE ${quotedIdentifier(time)} > $previous_as_of::TIMESTAMPTZ`
  return [...between, late]
}
