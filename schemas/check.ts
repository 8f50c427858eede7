/** What a check looks at: values of a row, rows against each other, or rows that ought to be there. */
type CheckType = 'validity' | 'consistency' | 'completeness'

/**
 * A promise about the rows of one commit. `offending` is an SQL aggregate over those rows that counts the ones breaking it,
 * so that all checks of a table are one pass; `evidence` is the predicate that finds them again to be shown.
 */
export interface Check {
  readonly severity: 'blocking' | 'warning'
  readonly type: CheckType
  readonly offending: string
  /** Where `offending` may count too many but never too few: the exact count, taken only when it is not 0. */
  readonly exact?: string
  readonly evidence?: string
}

type Severity = Pick<Check, 'severity'>

/** Every row satisfies the SQL condition; NULL does not. */
export const holds = (condition: string, { severity }: Severity = { severity: 'blocking' }): Check => ({
  severity,
  type: 'validity',
  offending: `count(*) FILTER (WHERE (${condition}) IS NOT TRUE)`,
  evidence: `(${condition}) IS NOT TRUE`,
})

/** No two rows of the commit share these columns. Hashes are told apart first: a tenth of the cost of telling the values apart. */
export const unique = (columns: readonly string[]): Check => ({
  severity: 'blocking',
  type: 'consistency',
  offending: `count(*) - count(DISTINCT hash(${columns.join(', ')}))`,
  exact: `count(*) - count(DISTINCT (${columns.join(', ')}))`,
})

/** Each of these columns has a value in every row. */
export const complete = (columns: readonly string[]): Check => ({
  ...holds(columns.map((name) => `${name} IS NOT NULL`).join(' AND ')),
  type: 'completeness',
})
