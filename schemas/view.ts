import type { Columns } from './column.js'
import { assertSqlNames } from './sql_name.js'

interface Definition<C extends Columns> {
  /** What one row is, in a sentence. */
  readonly grain: string
  /** What `select` gives, by name and type: a view that gives something else is refused. */
  readonly columns: C
  /** One SELECT. It names what it reads as `lake.<schema>.<table>`; readers may attach the lake under another name. */
  readonly select: string
  /** Raised when a definition goes back to an earlier one on purpose; a build that is merely older would be taken for that. */
  readonly revision?: number
}

/** A relation that is computed when it is read. */
export interface View<C extends Columns = Columns> {
  /** `<domain>_<layer>.<view>` */
  readonly name: string
  readonly schema: string
  readonly grain: string
  readonly columns: C
  readonly select: string
  readonly revision: number
}

/** Everything about a view, once. The stage that lists it has it created, and again when its definition has changed. */
export const defineView = <C extends Columns>(name: string, definition: Definition<C>): View<C> => {
  assertSqlNames(name, Object.keys(definition.columns))
  const { grain, columns, select, revision = 0 } = definition
  return { name, schema: name.slice(0, name.indexOf('.')), grain, columns, select: select.trim(), revision }
}
