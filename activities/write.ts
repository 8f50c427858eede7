import { inLake, quotedIdentifier } from '../infra/lake/identifier.js'
import type { Parameters, Session } from '../infra/lake/session.js'
import { stageRows } from '../infra/stage_rows.js'
import type { Row, Table } from '../schemas/table.js'

/**
 * Which stored rows make way for the staged ones: none (a staged row whose key is stored already is then left out), those of a
 * half-open window, those whose columns occur in a relation of the session, or all.
 */
export type Replacement =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'window'
      readonly column: string
      readonly from: string | bigint
      readonly to: string | bigint
      /** Columns that name the lane the window lies in, such as a chain, with their values. */
      readonly lane?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'keys'; readonly columns: readonly string[]; readonly relation: string }
  | { readonly kind: 'everything' }

/** One table's share of a commit: the rows, staged in a relation of the session that has the table's columns. */
export interface Write {
  readonly table: Table
  readonly staged: string
  readonly replaces: Replacement
  readonly source?: SourceRange
  /** The rows are a table's own of an earlier snapshot: they were checked then, and as a part of more. */
  readonly restored?: boolean
}

/** Which part of its source the rows were read from, for `meta.lineage`. Half-open: ISO 8601 times or integers, as text. */
export interface SourceRange {
  readonly partition?: string
  readonly start: string
  readonly end: string
}

/** Puts the staged rows into the lake's table, in the caller's transaction. Resolves to the number of rows written. */
export const applyWrite = async (session: Session, { table, staged, replaces }: Write): Promise<number> => {
  const name = inLake(table.name)
  const columns = Object.keys(table.columns).map(quotedIdentifier).join(', ')
  if (replaces.kind === 'nothing') {
    const key = table.key.map(quotedIdentifier).join(', ')
    return session.run(
      `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${staged} ANTI JOIN ${name} USING (${key})`,
    )
  }
  await removeReplaced(session, name, replaces)
  return session.run(`INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${staged}`)
}

const removeReplaced = async (
  session: Session,
  name: string,
  replaces: Exclude<Replacement, { kind: 'nothing' }>,
): Promise<void> => {
  if (replaces.kind === 'everything') {
    await session.run(`DELETE FROM ${name}`)
  } else if (replaces.kind === 'keys') {
    const columns = replaces.columns.map(quotedIdentifier).join(', ')
    await session.run(`DELETE FROM ${name} WHERE (${columns}) IN (SELECT (${columns}) FROM ${replaces.relation})`)
  } else {
    const lane = Object.entries(replaces.lane ?? {})
    const window = quotedIdentifier(replaces.column)
    const conditions = [
      `${window} >= $from`,
      `${window} < $to`,
      ...lane.map(([column], index) => `${quotedIdentifier(column)} = $lane_${index}`),
    ]
    const parameters: Parameters = { from: replaces.from, to: replaces.to }
    for (const [index, [, value]] of lane.entries()) parameters[`lane_${index}`] = value
    await session.run(`DELETE FROM ${name} WHERE ${conditions.join(' AND ')}`, parameters)
  }
}

/** Stages validated rows, alone or by the page, in a temporary table of the session under the table's own name; resolves to its SQL name. */
export const stage = async <T extends Table>(
  session: Session,
  table: T,
  rows: Iterable<Row<T>> | AsyncIterable<readonly Row<T>[]>,
): Promise<string> => {
  const name = `staged ${table.name}`
  await stageRows(session.connection, name, table, rows)
  return quotedIdentifier(name)
}
