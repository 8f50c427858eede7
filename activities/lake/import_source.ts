import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput } from '../../infra/errors.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Table } from '../../schemas/table.js'
import { contentOf, type FileContent } from './file_content.js'
import { openDatabaseTable } from './import_database.js'
import type { SourceColumn } from './import_mapping.js'

export type SourceKind = 'parquet' | 'duckdb' | 'delta'

export interface SourceRequest {
  readonly from: string
  /** Which table of a DuckDB database. */
  readonly sourceTable?: string
}

/** Rows that lie outside the lake, and what tells them from others. */
export interface ImportSource {
  readonly kind: SourceKind
  /** What FROM reads, on any connection of the instance. */
  readonly relation: string
  readonly columns: readonly SourceColumn[]
  /** SHA-256 over the content: the same for the same files, wherever they lie. */
  readonly fingerprint: string
  /** Throws SourceChanged where a file is not as it was when the source was opened. */
  assertUnchanged(): Promise<void>
  close(): Promise<void>
}

/** What stands at the path. Throws InvalidInput where it is nothing that can be imported. */
export const sourceKind = async (from: string): Promise<SourceKind> => {
  const found = await stat(from).catch((cause) => {
    throw new InvalidInput(`--from ${from}: there is no such file or folder`, { cause })
  })
  if (found.isDirectory()) return (await isDelta(from)) ? 'delta' : 'parquet'
  const head = await firstBytes(from, 12)
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet'
  if (head.subarray(8, 12).toString('latin1') === 'DUCK') return 'duckdb'
  throw new InvalidInput(`--from ${from}: is neither Parquet nor a DuckDB database; give one of these, or a folder`)
}

/** Opens what stands at the path for the table. The `delta` extension must have been provisioned for a Delta table. */
export const openSource = async (session: Session, table: Table, request: SourceRequest): Promise<ImportSource> => {
  const from = path.resolve(request.from)
  const kind = await sourceKind(from)
  if (kind !== 'duckdb' && request.sourceTable !== undefined)
    throw new InvalidInput(`--source-table ${request.sourceTable}: ${from} is no DuckDB database; leave it out`)
  if (kind === 'delta') return openDelta(session, from)
  if (kind === 'parquet') return openParquet(session, from)
  const { relation, content, close } = await openDatabaseTable(session, from, table, request.sourceTable)
  try {
    return await source(session, kind, relation, content, close)
  } catch (error) {
    await close()
    throw error
  }
}

const isDelta = async (folder: string): Promise<boolean> =>
  (await stat(path.join(folder, '_delta_log')).catch(() => undefined))?.isDirectory() === true

const firstBytes = async (file: string, count: number): Promise<Buffer> => {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

const openParquet = async (session: Session, from: string): Promise<ImportSource> => {
  const isFolder = (await stat(from)).isDirectory()
  const names = isFolder ? await readdir(from, { recursive: true }) : ['']
  const files = (isFolder ? names.filter(isParquet) : names).map((name) => path.join(from, name)).sort()
  if (files.length === 0) throw new InvalidInput(`--from ${from}: holds no .parquet file`)
  const list = files.map((file) => quotedLiteral(file.replace(/[[*?]/g, '[$&]'))).join(', ')
  // A folder's `key=value` parts stay text until they are cast exactly.
  const hive = files.some((file) => /[^/\\]=/.test(path.relative(from, path.dirname(file))))
  const relation = `read_parquet([${list}], union_by_name = true, hive_partitioning = ${hive}${hive ? ', hive_types_autocast = false' : ''})`
  return source(session, 'parquet', relation, await contentOf(files, (file) => path.relative(from, file)))
}

/** Writers mark what is not data with a leading dot or underscore. */
const isParquet = (name: string): boolean =>
  name.endsWith('.parquet') && !name.split(path.sep).some((part) => /^[._]/.test(part))

const openDelta = async (session: Session, from: string): Promise<ImportSource> => {
  const log = path.join(from, '_delta_log')
  await session.run('LOAD delta')
  const version = (await readdir(log))
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .at(-1)
  if (version === undefined) throw new InvalidInput(`--from ${from}: its _delta_log holds no version`)
  // A version never changes, and the newest commit of its log names files by UUID, so that file stands for all of them.
  const content = await contentOf([path.join(log, version)], () => version)
  const relation = `delta_scan(${quotedLiteral(from)}, version => ${Number.parseInt(version, 10)})`
  return source(session, 'delta', relation, content)
}

const source = async (
  session: Session,
  kind: SourceKind,
  relation: string,
  { fingerprint, assertUnchanged }: FileContent,
  close: () => Promise<void> = () => Promise.resolve(),
): Promise<ImportSource> => {
  const described = await session.all(`DESCRIBE FROM ${relation}`).catch((cause: Error) => {
    throw new InvalidInput(`--from: cannot be read as ${kind}: ${cause.message.split('\n')[0]}`, { cause })
  })
  const columns = described.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }))
  return { kind, relation, columns, fingerprint, assertUnchanged, close }
}
