/**
 * How one column came from another: as it stood, through an expression, or only by deciding which rows there are, in which group
 * and in which order (joins, filters, grouping, partitions and order of windows and aggregates).
 */
export type How = 'copied' | 'computed' | 'influences'

/** By name: `schema.table.column`, `schema.table.*` for the rows themselves (what `count(*)` counts), `$name` for a parameter. */
export type Origins = ReadonlyMap<string, How>

/** A column of a relation. Where it is a struct made here, or a list of such, its fields have origins of their own. */
export interface ColumnOrigins {
  readonly origins: Origins
  readonly fields?: ReadonlyMap<string, ColumnOrigins>
}

/** What a query yields: its columns in order, and where its rows come from and what decides about them. */
export interface Relation {
  readonly columns: ReadonlyMap<string, ColumnOrigins>
  readonly rows: Origins
}

export const nothing: Origins = new Map()
const strength: Readonly<Record<How, number>> = { influences: 0, computed: 1, copied: 2 }

/** All of them together; what comes in several ways is kept in the most direct one. */
export const merged = (...all: readonly Origins[]): Origins => {
  const result = new Map<string, How>()
  for (const origins of all) {
    for (const [name, how] of origins) {
      const known = result.get(name)
      if (known === undefined || strength[known] < strength[how]) result.set(name, how)
    }
  }
  return result
}

/** The same origins one step further on: no way is more direct than this step. */
export const through = (origins: Origins, step: How): Origins =>
  new Map([...origins].map(([name, how]) => [name, strength[how] < strength[step] ? how : step]))

export const computed = (...all: readonly Origins[]): Origins => through(merged(...all), 'computed')
export const influences = (...all: readonly Origins[]): Origins => through(merged(...all), 'influences')

/** One column of two branches that are put on top of each other. */
export const either = (one: ColumnOrigins, other: ColumnOrigins): ColumnOrigins => {
  const origins = merged(one.origins, other.origins)
  if (one.fields === undefined || other.fields === undefined) return { origins }
  const fields = new Map(one.fields)
  for (const [name, field] of other.fields) {
    const known = fields.get(name)
    fields.set(name, known === undefined ? field : either(known, field))
  }
  return { origins, fields }
}
