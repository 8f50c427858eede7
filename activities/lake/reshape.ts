import { quotedLiteral } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import { smallFileBytes } from '../../infra/lake/table_files.js'
import { inTurn } from './turn.js'

interface Reshaped {
  readonly note: string
}

/** So that a stage's lock is held for seconds: 10,000 small files take 38 s to merge. */
const filesPerMerge = 500

/** Moves a table's inlined rows, dead ones among them, from the catalog into a file. */
export const flushTable = async (lake: Lake, table: string): Promise<Reshaped> => {
  const rows = await reshape(lake, table, 'flush', 'rows_flushed', (schema, name) => {
    return `ducklake_flush_inlined_data('lake', schema_name => ${schema}, table_name => ${name})`
  })
  return { note: `${table}: ${rows} rows` }
}

/** Merges a table's small files, some hundreds at a time, until none is left to merge. Older snapshots read the merged files too. */
export const mergeFiles = async (lake: Lake, table: string): Promise<Reshaped> => {
  for (let merged = 0; ; ) {
    const files = await reshape(lake, table, 'merge', 'files_processed', (schema, name) => {
      return `ducklake_merge_adjacent_files('lake', ${name}, schema => ${schema},
        max_compacted_files => ${filesPerMerge}, max_file_size => ${smallFileBytes})`
    })
    if (files === 0) return { note: `${table}: ${merged} files` }
    merged += files
  }
}

/** Writes the files of a table anew that have at least this share of their rows deleted, without those rows. */
export const rewriteFiles = async (lake: Lake, table: string, deletedShare: number): Promise<Reshaped> => {
  const files = await reshape(lake, table, 'rewrite', 'files_processed', (schema, name) => {
    return `ducklake_rewrite_data_files('lake', ${name}, schema => ${schema}, delete_threshold => ${deletedShare})`
  })
  return { note: `${table}: ${files} files` }
}

/**
 * Calls one of DuckLake's own functions that reorganise a table's files and not its rows. DuckLake allows no other change in such a
 * transaction, so no fence either: it refuses by itself what meets a delete from the same files.
 */
const reshape = (
  lake: Lake,
  table: string,
  step: string,
  counted: 'rows_flushed' | 'files_processed',
  call: (schema: string, name: string) => string,
): Promise<number> => {
  const [schema = '', name = ''] = table.split('.')
  return inTurn(lake, { stage: schema, step, message: `${step} ${table}` }, async (session) => {
    const done = await session.all(`CALL ${call(quotedLiteral(schema), quotedLiteral(name))}`)
    return done.reduce((sum, row) => sum + Number(row[counted]), 0)
  })
}
