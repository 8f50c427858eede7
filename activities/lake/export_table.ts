import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput } from '../../infra/errors.js'
import { atSnapshot, quotedIdentifier, quotedLiteral } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { storedColumnsAt } from '../../infra/lake/table_version.js'
import { currentSnapshotId, snapshotNamed } from '../../infra/lake/version.js'
import type { Table } from '../../schemas/table.js'

export const exportFormats = ['parquet', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportRequest {
  /** One table of the definitions; absent: all that the snapshot has. */
  readonly table?: string
  /** A file, for one table, where it ends in .parquet or .csv; else a folder. Nothing may be there yet. */
  readonly to: string
  /** A snapshot's number, or a time; default: the newest snapshot. */
  readonly at?: string
  /** Default: as the file's name says, else Parquet. */
  readonly format?: ExportFormat
}

export interface ExportedTable {
  readonly table: string
  readonly file: string
  readonly rows: number
  readonly bytes: number
}

export interface Export {
  readonly snapshotId: number
  readonly tables: readonly ExportedTable[]
}

/** How values are written: types whole, or as text that reads back the same. NULL is an empty field, an empty text is `""`. */
const copyOptions: Readonly<Record<ExportFormat, string>> = {
  parquet: `FORMAT parquet, COMPRESSION zstd`,
  csv: `FORMAT csv, HEADER true, NULLSTR '', TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'`,
}

/**
 * Writes tables as they were at one snapshot, rows in the order of their keys. What `to` names appears whole or not at all.
 * Throws InvalidInput where something is there already, or the snapshot has no such table.
 */
export const exportTables = (lake: Lake, tables: readonly Table[], request: ExportRequest): Promise<Export> =>
  lake.session(async (session) => {
    const given = request.at ?? String(await currentSnapshotId(session))
    const snapshotId = await snapshotNamed(session, '--at', given)
    const stored = await storedColumnsAt(session, snapshotId)
    const wanted = tables.filter(({ name }) => request.table === undefined || request.table === name)
    if (wanted.length === 0) {
      const names = tables.map(({ name }) => name).join(', ')
      throw new InvalidInput(`${request.table} is not a table of the definitions; export one of ${names}`)
    }
    const found = wanted.filter(({ name }) => stored.has(name))
    if (found.length === 0)
      throw new InvalidInput(
        `${request.table ?? 'no table'} was not there at snapshot ${snapshotId}; choose a later one`,
      )
    const to = path.resolve(request.to)
    const format = formatOf(request)
    const isFile = request.table !== undefined && path.extname(to) === `.${format}`
    await assertNothingThere(to, isFile)
    const draft = path.join(path.dirname(to), `.${path.basename(to)}.${process.pid}.draft`)
    const write = async (table: Table, file: string): Promise<ExportedTable> => {
      const columns = stored.get(table.name) ?? new Set<string>()
      const rows = await copyTable(session, table, columns, snapshotId, file, format)
      const name = isFile ? to : path.join(to, path.basename(file))
      return { table: table.name, file: name, rows, bytes: await sync(file) }
    }
    try {
      await mkdir(isFile ? path.dirname(draft) : draft, { recursive: true })
      const written: ExportedTable[] = []
      for (const table of found)
        written.push(await write(table, isFile ? draft : path.join(draft, `${table.name}.${format}`)))
      // rename(2) of a folder takes the place of an empty one.
      await rename(draft, to)
      return { snapshotId, tables: written }
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  })

const formatOf = ({ to, format }: ExportRequest): ExportFormat =>
  format ?? exportFormats.find((each) => path.extname(to) === `.${each}`) ?? 'parquet'

const assertNothingThere = async (to: string, isFile: boolean): Promise<void> => {
  const found = await stat(to).catch(() => undefined)
  if (found === undefined || (!isFile && found.isDirectory() && (await readdir(to)).length === 0)) return
  throw new InvalidInput(
    `--to ${to}: something is there already; name a new ${isFile ? 'file' : 'folder'}, or remove it`,
  )
}

const copyTable = async (
  session: Session,
  table: Table,
  stored: ReadonlySet<string>,
  snapshotId: number,
  file: string,
  format: ExportFormat,
): Promise<number> => {
  const key = table.key.filter((name) => stored.has(name)).map(quotedIdentifier)
  const order = key.length === 0 ? '' : ` ORDER BY ${key.join(', ')}`
  const select = `SELECT * FROM ${atSnapshot(table.name, snapshotId)}${order}`
  return session.run(`COPY (${select}) TO ${quotedLiteral(file)} (${copyOptions[format]})`)
}

/** To the disk, so that a power cut after the rename leaves no hollow file. Resolves to the file's size. */
const sync = async (file: string): Promise<number> => {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}
