import { InvalidInput } from '../../infra/errors.js'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'
import type { MappedColumn, Mapping } from './import_mapping.js'

export interface SourceCounts {
  /** Rows of the source. */
  readonly rows: number
  /** Of these, rows whose key the table has already. */
  readonly known: number
}

/** A value longer than this is cut in the message; the row is found by its key. */
const shownCharacters = 200

/**
 * Reads the source once and counts. Throws InvalidInput where a value cannot be kept exactly, or is missing where the table needs
 * one: each field with how many rows, the first such value with its key, and the mend.
 */
export const assertExact = async (
  session: Session,
  table: Table,
  relation: string,
  mapping: Mapping,
): Promise<SourceCounts> => {
  const faults = mapping.columns.flatMap(faultsOf)
  const counts = faults.map(({ condition }, index) => `count(*) FILTER (WHERE ${condition}) AS fault_${index}`)
  const row = await session.one(`SELECT ${['count(*) AS row_count', ...counts].join(', ')} FROM ${relation}`)
  const rows = Number(row['row_count'])
  const problems: string[] = []
  for (const [index, fault] of faults.entries()) {
    const count = Number(row[`fault_${index}`])
    if (count > 0) problems.push(await describe(session, table, relation, mapping, fault, count, rows))
  }
  if (problems.length > 0)
    throw new InvalidInput(`nothing was imported into ${table.name}:\n  ${problems.join('\n  ')}`)
  const key = table.key.map(quotedIdentifier).join(', ')
  const values = mapping.columns.flatMap(({ column, cast }) =>
    table.key.includes(column) ? [`${cast.value} AS ${quotedIdentifier(column)}`] : [],
  )
  const known = await session.one(
    `SELECT count(*) AS known FROM (SELECT ${values.join(', ')} FROM ${relation}) SEMI JOIN ${inLake(table.name)} USING (${key})`,
  )
  return { rows, known: Number(known['known']) }
}

interface Fault {
  readonly mapped: MappedColumn
  readonly condition: string
  readonly mend: string
}

const faultsOf = (mapped: MappedColumn): Fault[] => {
  const { source, type, nullable, cast, column } = mapped
  if (source === undefined) return []
  const missing: Fault = {
    mapped,
    condition: `${quotedIdentifier(source.name)} IS NULL`,
    mend: `${column} needs a value in every row; fill it at the source, or --map another column`,
  }
  const lost: Fault = {
    mapped,
    condition: cast.lost,
    mend: `${type} cannot keep it exactly; round or convert it at the source`,
  }
  return [...(nullable ? [] : [missing]), ...(cast.lost === 'false' ? [] : [lost])]
}

const describe = async (
  session: Session,
  table: Table,
  relation: string,
  { columns }: Mapping,
  { mapped, condition, mend }: Fault,
  count: number,
  rows: number,
): Promise<string> => {
  const keys = columns.flatMap(({ column, source }, index) =>
    source !== undefined && table.key.includes(column) ? [{ name: source.name, alias: `key_${index}` }] : [],
  )
  const shown = keys.map(({ name, alias }) => `CAST(${quotedIdentifier(name)} AS VARCHAR) AS ${alias}`)
  const value = `CAST(${quotedIdentifier(mapped.source?.name ?? '')} AS VARCHAR) AS value`
  const row = await session.one(`SELECT ${[value, ...shown].join(', ')} FROM ${relation} WHERE ${condition} LIMIT 1`)
  const from = `${mapped.source?.type} ${mapped.source?.name}`
  const at = keys.map(({ name, alias }) => `${name} ${text(row, alias)}`).join(', ')
  return `${mapped.column} (from ${from}): ${text(row, 'value')} in ${count} of ${rows} rows, first where ${at}: ${mend}`
}

const text = (row: JsonRow, name: string): string => {
  const value = row[name]
  return value === null || value === undefined ? 'NULL' : JSON.stringify(value).slice(0, shownCharacters)
}
