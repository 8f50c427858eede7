import { type ColumnOrigins, merged, nothing, type Origins, type Relation } from './origins.js'
import type { Node } from './syntax.js'

/** What a whole query shares. */
export interface Environment {
  readonly aggregates: ReadonlySet<string>
  /** A relation that is not of the query itself; undefined where there is none of that name. */
  readonly table: (name: string) => Relation | undefined
  /** The query's own WITH, and those around it. */
  readonly withs: ReadonlyMap<string, Relation>
}

/** A relation under its alias in a FROM. `hidden` are columns that USING made one with those of a relation before. */
export interface FromTable {
  readonly alias: string
  readonly columns: ReadonlyMap<string, ColumnOrigins>
  readonly hidden: ReadonlySet<string>
}

/** A FROM: its relations in order, the columns that USING made one, and its rows. */
export interface From {
  readonly tables: readonly FromTable[]
  readonly shared: ReadonlyMap<string, ColumnOrigins>
  readonly rows: Origins
}

export const emptyFrom: From = { tables: [], shared: new Map(), rows: nothing }

/** The columns of a FROM that need no alias, in the order of `*`. */
export const visibleColumns = ({ tables, shared }: From): [string, ColumnOrigins][] =>
  tables.flatMap(({ columns, hidden }) =>
    [...columns]
      .filter(([name]) => !hidden.has(name))
      .map(([name, column]): [string, ColumnOrigins] => [name, shared.get(name) ?? column]),
  )

/** Where names are looked up: a FROM, the names a SELECT gives its own expressions, and the query around. */
export class Scope {
  readonly #resolving = new Set<string>()

  constructor(
    readonly environment: Environment,
    readonly from: From,
    private readonly options: {
      readonly outer?: Scope | undefined
      /** The SELECT's own names, with how to resolve what stands behind them. */
      readonly own?: ReadonlyMap<string, Node>
      readonly resolve?: (node: Node, scope: Scope) => ColumnOrigins
    } = {},
  ) {}

  /** A column as it is written: `name`, `alias.name`, with fields of structs behind. Throws where there is none or more than one. */
  column(path: readonly string[]): ColumnOrigins {
    const found = this.#find(path)
    if (found !== undefined) return found
    const known = this.from.tables.map(({ alias, columns }) => `${alias} (${[...columns.keys()].join(', ')})`)
    throw new Error(`the column "${path.join('.')}" is in none of: ${known.join('; ') || 'no table'}`)
  }

  /** What the SELECT itself calls so, if anything. */
  own(name: string): ColumnOrigins | undefined {
    const node = this.options.own?.get(name)
    if (node === undefined || this.options.resolve === undefined || this.#resolving.has(name)) return undefined
    this.#resolving.add(name)
    try {
      return this.options.resolve(node, this)
    } finally {
      this.#resolving.delete(name)
    }
  }

  /** All columns of a relation, or of the whole FROM. */
  star(alias: string): [string, ColumnOrigins][] {
    if (alias === '') return visibleColumns(this.from)
    const table = this.from.tables.find((each) => each.alias === alias)
    if (table === undefined) throw new Error(`${alias}.* names no relation of the query`)
    return [...table.columns]
  }

  #find(path: readonly string[]): ColumnOrigins | undefined {
    const [first = '', second = ''] = path
    const qualified = this.from.tables.find(({ alias, columns }) => alias === first && columns.has(second))
    if (qualified !== undefined) return fieldOf(qualified.columns.get(second), path.slice(2))
    const matches = visibleColumns(this.from).filter(([name]) => name === first)
    if (matches.length > 1) throw new Error(`the column "${first}" is in more than one relation of the query`)
    const [match] = matches
    if (match !== undefined) return fieldOf(match[1], path.slice(1))
    const own = this.own(first)
    if (own !== undefined) return fieldOf(own, path.slice(1))
    const table = path.length === 1 ? this.from.tables.find(({ alias }) => alias === first) : undefined
    if (table !== undefined) return wholeRow(table)
    const { outer } = this.options
    return outer === undefined ? undefined : outer.#find(path)
  }
}

/** A relation named like a column is its row as a struct. */
const wholeRow = ({ columns }: FromTable): ColumnOrigins => ({
  origins: merged(...[...columns.values()].map(({ origins }) => origins)),
  fields: columns,
})

/** A field of a struct that was made in the query is followed; of any other, it comes from what the struct comes from. */
const fieldOf = (column: ColumnOrigins | undefined, path: readonly string[]): ColumnOrigins | undefined =>
  path.reduce<ColumnOrigins | undefined>((at, name) => at?.fields?.get(name) ?? (at && { origins: at.origins }), column)
