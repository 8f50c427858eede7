import { quotedIdentifier } from './identifier.js'

/** DuckLake's names of types by DuckDB's; those that PostgreSQL keeps under the same name. */
const sqlTypes: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  time: 'TIME',
  uuid: 'UUID',
  blob: 'BLOB',
}

/** DuckLake keeps these as text in PostgreSQL, whose own have other ranges. */
const textInPostgres: Readonly<Record<string, string>> = {
  timestamptz: 'TIMESTAMPTZ',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
}

/**
 * How a column of the lake's type is kept by a catalog of the kind, and its value made from a catalog of the other kind: text is
 * bytes in PostgreSQL, which takes no NUL in a text. Undefined for types whose keeping was not tried.
 */
export const inlinedColumn = (
  name: string,
  lakeType: string,
  kind: 'file' | 'postgres',
): { type: string; value: string } | undefined => {
  const column = quotedIdentifier(name)
  if (lakeType === 'varchar')
    return kind === 'postgres'
      ? { type: 'BLOB', value: `encode(${column})` }
      : { type: 'VARCHAR', value: `decode(${column})` }
  const time = textInPostgres[lakeType]
  if (time !== undefined) {
    const type = kind === 'postgres' ? 'VARCHAR' : time
    return { type, value: `CAST(${column} AS ${type})` }
  }
  const same = /^decimal\(\d+,\s*\d+\)$/.test(lakeType) ? lakeType.toUpperCase() : sqlTypes[lakeType]
  return same === undefined ? undefined : { type: same, value: column }
}
