const relationName = /^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$/
const columnName = /^[a-z][a-z0-9_]{0,62}$/

/** Identifiers come only from definitions, so these patterns are the whole defence against injection through a name. */
export const assertSqlNames = (relation: string, columns: readonly string[]): void => {
  const wrong = relationName.test(relation) ? columns.find((column) => !columnName.test(column)) : relation
  if (wrong !== undefined) throw new Error(`${relation}: "${wrong}" is not a lower-case SQL name`)
}
