/** What a commit, or a refused attempt at one, records of one table: the JSON in `meta.commits` and `meta.refusals`. */
export interface DatasetRecord {
  readonly dataset: string
  /** Which part of the table or source the rows are of, where the step has parts. */
  readonly partition: string | null
  /** The range of the source that was read, half-open: ISO 8601 times or integers. */
  readonly source_start: string | null
  readonly source_end: string | null
  /** Rows written; those that were stored already are not. */
  readonly row_count: number
  /** Rows the step brought, which the checks looked at. */
  readonly checked_row_count: number
  /** A hash of the rows the step brought, whatever their order. */
  readonly checksum: string
  /** The nullable columns that have NULLs among these rows, with how many. */
  readonly nulls: readonly { readonly column_name: string; readonly null_count: number }[]
  readonly checks: readonly CheckRecord[]
}

export interface CheckRecord {
  readonly check_name: string
  readonly check_type: string
  readonly severity: 'blocking' | 'warning'
  /** Rows that broke the check. */
  readonly offending_count: number
  /** JSON of the first offending rows; NULL where none offended or the check cannot point at rows. */
  readonly details: string | null
}

/** The shape of an array of these records, as DuckDB's `from_json` takes it. */
export const datasetRecordsShape = JSON.stringify([
  {
    dataset: 'VARCHAR',
    partition: 'VARCHAR',
    source_start: 'VARCHAR',
    source_end: 'VARCHAR',
    row_count: 'BIGINT',
    checked_row_count: 'BIGINT',
    checksum: 'VARCHAR',
    nulls: [{ column_name: 'VARCHAR', null_count: 'BIGINT' }],
    checks: [
      {
        check_name: 'VARCHAR',
        check_type: 'VARCHAR',
        severity: 'VARCHAR',
        offending_count: 'BIGINT',
        details: 'VARCHAR',
      },
    ],
  },
])

/** SQL: the records of a row of `meta.commits`. Commits of the first release counted and hashed the rows of each table, no more. */
export const recordsOfCommit = `coalesce(datasets, to_json(list_transform(json_keys(row_counts), lambda name: {
  'dataset': name, 'row_count': (row_counts ->> name)::BIGINT, 'checked_row_count': (row_counts ->> name)::BIGINT,
  'checksum': content_hashes ->> name, 'nulls': [], 'checks': []
}))::VARCHAR)`
