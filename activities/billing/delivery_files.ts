import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { SourceChanged } from '../../infra/errors.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { FileStore } from '../../infra/store/file_store.js'
import type { SourceColumn, SourceFormat } from './source_mapping.js'

/** What DuckDB reads a delivery's files with: Parquet, or AWS's dialect of CSV, where FOCUS may spell out NULL. */
export const relationOf = (store: FileStore, files: readonly string[], format?: SourceFormat): string => {
  const list = `[${files.map((name) => quotedLiteral(`${store.place}/${name}`)).join(', ')}]`
  if (files.every((name) => name.endsWith('.parquet'))) return `read_parquet(${list}, union_by_name = true)`
  const other = files.find((name) => !/\.csv(\.gz)?$/.test(name))
  if (other !== undefined)
    throw new SourceChanged(`${other}: is neither .csv, .csv.gz nor .parquet; have AWS deliver GZIP or Parquet`)
  const nulls = format === 'focus' ? ", nullstr = ['', 'NULL']" : ''
  return `read_csv(${list}${nulls}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', union_by_name = true)`
}

export const columnsOf = async (session: Session, relation: string): Promise<SourceColumn[]> =>
  (await session.all(`DESCRIBE SELECT * FROM ${relation}`)).map((row) => ({
    name: String(row['column_name']),
    type: String(row['column_type']),
  }))

/**
 * DuckDB reads a gzip file that was cut off as far as it goes, and says nothing. This unpacks it to the end, beside DuckDB, and
 * throws SourceChanged where it has none. A Parquet file that was cut off has no footer, which DuckDB does notice.
 */
export const assertWhole = async (store: FileStore, files: readonly string[]): Promise<void> => {
  for (const name of files.filter((each) => each.endsWith('.gz'))) {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    await pipeline(await store.read(name), createGunzip(), nowhere).catch((cause: unknown) => {
      if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))
        throw new SourceChanged(`${store.place}/${name} is truncated or damaged: ${cause.message}`, { cause })
      throw cause
    })
  }
}
