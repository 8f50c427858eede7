import type { Columns } from './column.js'
import type { DatasetParts } from './dataset.js'

/** How a definition follows from the one before it. */
export interface Evolution {
  readonly dataset: DatasetParts
  /** Columns that were stored under another name: the new one with the old one. */
  readonly renamed?: Readonly<Record<string, string>>
  readonly replaces?: Replaced
}

/** The major version before a table's own. Where the lake has it, the table takes its place at the next start. */
export interface Replaced {
  /** Its name becomes a view, for those who still read it; its rows stay in `<table>_before_v<version>`. */
  readonly table: string
  /** The SELECT of that view: from the new table, the columns and types that the old one had. */
  readonly view: (table: string) => string
  /** The SELECT that fills the new table from the old one, by column name; absent: it starts empty. */
  readonly rows?: (table: string) => string
}

/** Throws where a definition contradicts itself about what came before it. */
export const assertEvolution = (name: string, definition: Evolution & { readonly columns: Columns }): void => {
  const { dataset, renamed = {}, replaces, columns } = definition
  for (const [column, former] of Object.entries(renamed)) {
    if (columns[column] !== undefined && columns[former] === undefined) continue
    throw new Error(`${name}: renamed.${column} "${former}" must give a column of now the name of one that is no more`)
  }
  const version = dataset.version ?? 1
  if ((replaces === undefined) !== (version === 1))
    throw new Error(`${name}: dataset.version ${version} and replaces go together; the first version replaces nothing`)
  if (replaces !== undefined && replaces.table.split('.')[0] !== name.split('.')[0])
    throw new Error(`${name}: replaces.table "${replaces.table}" is of another stage`)
}
