import { quotedIdentifier, quotedLiteral } from '../../infra/lake/identifier.js'
import type { SourceKind } from '../../schemas/billing/bronze/cur_columns.js'
import { lineItems } from '../../schemas/billing/bronze/line_items.js'
import type { SourceColumn, SourceMapping } from './source_mapping.js'

/** What every line of a delivery has in common. */
export interface LineConstants {
  readonly account_month: string
  readonly account_id: string
  readonly billing_month: string
  readonly version_id: string
}

const decimal = 'DECIMAL(38,18)'
const mapType = '\'"MAP(VARCHAR, VARCHAR)"\''

/**
 * Reads money from text without losing a digit: a cast would round what has more than 18 decimals, so that is an error. Short
 * text without an exponent, which is nearly all, cannot have them.
 */
export const exactCostMacro = String.raw`CREATE OR REPLACE TEMP MACRO exact_cost(c) AS CASE
  WHEN c IS NULL THEN NULL
  WHEN length(c) <= 19 AND NOT regexp_matches(c, '[eE]') THEN CAST(c AS ${decimal})
  WHEN length(regexp_extract(c, '\.(\d*?)0*(?:[eE]|$)', 1))
    - coalesce(TRY_CAST(regexp_extract(c, '[eE]([+-]?\d+)$', 1) AS INTEGER), 0) <= 18 THEN CAST(c AS ${decimal})
  ELSE error('the amount ' || c || ' has more than 18 decimals') END`

/** The value of a source's column as its kind. Binary fractions are taken as they print: the shortest text that means them. */
export const typedValue = (kind: SourceKind, { name, type }: SourceColumn): string => {
  const column = quotedIdentifier(name)
  const isText = type === 'VARCHAR'
  switch (kind) {
    case 'text':
      return isText ? column : `CAST(${column} AS VARCHAR)`
    case 'time':
      return type === 'TIMESTAMP' || /^TIMESTAMP_/.test(type)
        ? `timezone('UTC', CAST(${column} AS TIMESTAMP))`
        : `CAST(${column} AS TIMESTAMPTZ)`
    case 'cost':
      return isText ? `exact_cost(${column})` : asDecimal(column, type)
    case 'quantity':
      return isText ? `CAST(${column} AS ${decimal})` : asDecimal(column, type)
    case 'map':
      return `map_from_entries(list_filter(map_entries(${asMap(column, type)}), lambda entry: entry.value IS NOT NULL))`
  }
}

const asDecimal = (column: string, type: string): string =>
  /^(DOUBLE|FLOAT)$/.test(type) ? `CAST(CAST(${column} AS VARCHAR) AS ${decimal})` : `CAST(${column} AS ${decimal})`

const asMap = (column: string, type: string): string => {
  if (type.startsWith('MAP')) return `CAST(${column} AS MAP(VARCHAR, VARCHAR))`
  return type.startsWith('STRUCT') ? `from_json(to_json(${column}), ${mapType})` : `from_json(${column}, ${mapType})`
}

/** Columns of a source as the entries of one map, without those that have no value. */
const entriesOf = (entries: Iterable<readonly [string, SourceColumn]>): string | undefined => {
  const pairs = [...entries].map(([key, { name, type }]) => {
    const column = quotedIdentifier(name)
    return `{'key': ${quotedLiteral(key)}, 'value': ${type === 'VARCHAR' ? column : `CAST(${column} AS VARCHAR)`}}`
  })
  return pairs.length === 0
    ? undefined
    : `map_from_entries(list_filter([${pairs.join(', ')}], lambda entry: entry.value IS NOT NULL))`
}

/** The SELECT that gives the rows of `line_items` from a delivery's files, as `relation` reads them. */
export const lineSelect = (relation: string, mapping: SourceMapping, constants: LineConstants): string => {
  const own: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, quotedLiteral(value)])),
    line_id: lineId(mapping),
    source_format: quotedLiteral(mapping.format),
    other_columns: entriesOf(mapping.unknown.map((column): [string, SourceColumn] => [column.name, column])) ?? 'NULL',
  }
  const values = Object.entries(lineItems.columns).map(([name, { sql }]) => {
    const value = own[name] ?? sourceValue(name, mapping) ?? 'NULL'
    return `CAST(${value} AS ${sql}) AS ${quotedIdentifier(name)}`
  })
  return `SELECT ${values.join(',\n')} FROM ${mapping.format === 'focus' ? hashed(relation) : `${relation} AS line`}`
}

const sourceValue = (name: string, { columns, entries }: SourceMapping): string | undefined => {
  const column = columns.get(name)
  const own = column && typedValue(column.kind, column.source)
  const map = entriesOf(entries.get(name) ?? [])
  return own !== undefined && map !== undefined ? `map_concat(${map}, ${own})` : (own ?? map)
}

/** FOCUS names no line. Lines that are equal in every column are counted. */
const hashed = (relation: string): string =>
  `(SELECT *, row_number() OVER (PARTITION BY line_hash) AS line_number FROM (SELECT *, hash(line) AS line_hash FROM ${relation} AS line)) AS line`

const lineId = ({ format, columns }: SourceMapping): string => {
  if (format === 'focus') return `'focus-' || hex(line_hash) || '-' || line_number`
  const [id, interval] = ['identity_line_item_id', 'identity_time_interval'].map((name) => {
    const column = columns.get(name)
    return column === undefined ? 'NULL' : typedValue(column.kind, column.source)
  })
  return `${id} || '/' || ${interval}`
}
