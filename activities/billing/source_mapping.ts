import {
  curColumns,
  focusColumns,
  type SourceColumns,
  type SourceKind,
} from '../../schemas/billing/bronze/cur_columns.js'

export type SourceFormat = 'cur' | 'focus'

/** A column of a source, as DuckDB describes it. */
export interface SourceColumn {
  readonly name: string
  readonly type: string
}

/** Where the values of a source's columns go. */
export interface SourceMapping {
  readonly format: SourceFormat
  /** Our columns with the source's. */
  readonly columns: ReadonlyMap<string, { readonly kind: SourceKind; readonly source: SourceColumn }>
  /** Our maps with the source's columns that become their entries, by key. */
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, SourceColumn>>
  /** The source's columns that are not known. */
  readonly unknown: readonly SourceColumn[]
}

/** Only letters and digits, so that `lineItem/UsageType`, `line_item_usage_type` and `lineitemusagetype` are one. */
const squeezed = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** `user:CostCenter` as the later exports write it: `user_cost_center`. */
const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()

/** Columns of these categories that are not known by name are entries of a map. */
const categories: readonly (readonly [string, string])[] = [
  ['resourceTags', 'resource_tags'],
  ['costCategory', 'cost_category'],
  ['discount', 'discount'],
  ['product', 'product'],
]

/**
 * Finds each column of a source its place. Names are compared without case and separators, as AWS spells them with slashes, with
 * underscores and glued. Undefined where it is neither a Cost and Usage Report nor FOCUS.
 */
export const mapSource = (source: readonly SourceColumn[]): SourceMapping | undefined => {
  const names = new Set(source.map(({ name }) => squeezed(name)))
  const format = names.has('identitylineitemid') ? 'cur' : names.has('billedcost') ? 'focus' : undefined
  if (format === undefined) return undefined
  const known = knownNames(format === 'cur' ? curColumns : focusColumns)
  const columns = new Map<string, { kind: SourceKind; source: SourceColumn }>()
  const entries = new Map<string, Map<string, SourceColumn>>()
  const unknown: SourceColumn[] = []
  for (const column of source) {
    const place = known.get(squeezed(column.name))
    const isMap = /^(MAP|STRUCT|JSON)/.test(column.type) || column.type === 'VARCHAR'
    if (place !== undefined && !columns.has(place.name) && (place.kind !== 'map' || isMap)) {
      columns.set(place.name, { kind: place.kind, source: column })
      continue
    }
    const entry = format === 'cur' && !/^(MAP|STRUCT)/.test(column.type) ? entryOf(column.name) : undefined
    const map = entry && (entries.get(entry.map) ?? new Map<string, SourceColumn>())
    // Two tags that differ only in case: each keeps its values, the later one under its own spelling.
    const key = entry && [entry.key, entry.spelled].find((each) => !map?.has(each))
    if (entry === undefined || map === undefined || key === undefined) {
      unknown.push(column)
      continue
    }
    entries.set(entry.map, map.set(key, column))
  }
  return { format, columns, entries, unknown }
}

const knownNames = (columns: SourceColumns): ReadonlyMap<string, { name: string; kind: SourceKind }> =>
  new Map(
    Object.entries(columns).flatMap(([kind, names]) =>
      names.map((name): [string, { name: string; kind: SourceKind }] => [
        squeezed(name),
        { name, kind: kind as SourceKind },
      ]),
    ),
  )

const entryOf = (name: string): { map: string; key: string; spelled: string } | undefined => {
  for (const [category, map] of categories) {
    const pattern = new RegExp(`^(?:${category}|${map}|${category.toLowerCase()})[/_]?(.+)$`)
    const spelled = pattern.exec(name)?.[1]
    if (spelled !== undefined) return { map, key: snakeCase(spelled), spelled }
  }
  return undefined
}
