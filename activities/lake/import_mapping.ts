import { InvalidInput } from '../../infra/errors.js'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Table } from '../../schemas/table.js'
import { type ExactCast, exactCast } from './exact_cast.js'

export interface SourceColumn {
  readonly name: string
  /** As DuckDB's DESCRIBE spells it. */
  readonly type: string
}

/** Where the values of one column of the table come from. */
export interface MappedColumn {
  readonly column: string
  readonly type: string
  readonly nullable: boolean
  /** Undefined where the source has no such column: the value is then unknown (NULL). */
  readonly source: SourceColumn | undefined
  readonly cast: ExactCast
}

export interface Mapping {
  readonly columns: readonly MappedColumn[]
  /** Columns of the source that go nowhere. */
  readonly unused: readonly SourceColumn[]
}

/** `a=b,c=d` as pairs of a table's column and a source's. Throws InvalidInput naming the part that is none. */
export const parseMapping = (text: string): Readonly<Record<string, string>> => {
  const pairs = text.split(',').filter((part) => part.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [target = '', source = '', ...rest] = pair.split('=').map((side) => side.trim())
      if (target === '' || source === '' || rest.length > 0)
        throw new InvalidInput(`--map ${JSON.stringify(pair)}: write it as column=source_column, several with commas`)
      return [target, source]
    }),
  )
}

/**
 * Maps a source's columns to a table's: as told, else by name, exact before regardless of case. Throws InvalidInput with every
 * column that cannot be mapped, and the mend.
 */
export const mapColumns = (
  table: Table,
  found: readonly SourceColumn[],
  told: Readonly<Record<string, string>> = {},
): Mapping => {
  const problems: string[] = []
  const named = (name: string) =>
    found.find((each) => each.name === name) ?? found.find((each) => each.name.toLowerCase() === name.toLowerCase())
  const names = found.map(({ name }) => name).join(', ')
  for (const [target, source] of Object.entries(told)) {
    if (table.columns[target] === undefined)
      problems.push(`${target}: ${table.name} has no such column; it has ${Object.keys(table.columns).join(', ')}`)
    if (named(source) === undefined)
      problems.push(`${target}=${source}: the source has no such column; it has ${names}`)
  }
  const columns = Object.entries(table.columns).flatMap(([column, { sql, nullable }]): MappedColumn[] => {
    const source = named(told[column] ?? column)
    if (source === undefined) {
      if (nullable)
        return [{ column, type: sql, nullable, source, cast: { value: `CAST(NULL AS ${sql})`, lost: 'false' } }]
      if (told[column] === undefined)
        problems.push(
          `${column}: required, and the source has no column of that name; add --map ${column}=<one of ${names}>`,
        )
      return []
    }
    const cast = exactCast(quotedIdentifier(source.name), source.type, sql)
    if (cast !== undefined) return [{ column, type: sql, nullable, source, cast }]
    problems.push(`${column}: ${source.type} of ${source.name} has no exact way to ${sql}; convert it at the source`)
    return []
  })
  if (problems.length > 0) throw new InvalidInput(`${table.name} cannot take this source:\n  ${problems.join('\n  ')}`)
  const used = new Set(columns.map(({ source }) => source?.name))
  return { columns, unused: found.filter(({ name }) => !used.has(name)) }
}
