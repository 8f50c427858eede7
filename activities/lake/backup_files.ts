import path from 'node:path'
import { InvalidInput } from '../../infra/errors.js'
import { catalogTable } from '../../infra/lake/catalog_copy.js'
import type { Session } from '../../infra/lake/session.js'
import type { DataConfig } from '../../infra/resources.js'
import { copyFile, type FileStore } from '../../infra/store/file_store.js'
import type { BackupFile } from './backup_manifest.js'

/** More files at once would not be faster from one disk, and not much over one network. */
const lanes = 4

/** A folder below a place. */
export const below = (place: DataConfig, name: string): DataConfig =>
  place.kind === 'folder'
    ? { ...place, path: path.join(place.path, name) }
    : { ...place, url: `${place.url}/${name}`, prefix: place.prefix === '' ? name : `${place.prefix}/${name}` }

/** Every data and delete file that a snapshot of the attached lake needs, by its path below the data path, without its hash. */
export const filesOf = async (session: Session, alias: string): Promise<Omit<BackupFile, 'sha256'>[]> => {
  const table = (name: string) => catalogTable(alias, name)
  const rows = await session.all(`
    WITH file AS (
      SELECT table_id, path, path_is_relative, file_size_bytes FROM ${table('ducklake_data_file')}
      UNION ALL SELECT table_id, path, path_is_relative, file_size_bytes FROM ${table('ducklake_delete_file')}
    )
    SELECT DISTINCT s.path || t.path || f.path AS name, f.file_size_bytes AS bytes,
      s.path_is_relative AND t.path_is_relative AND f.path_is_relative AS is_below, f.path
    FROM file AS f JOIN ${table('ducklake_table')} AS t USING (table_id) JOIN ${table('ducklake_schema')} AS s USING (schema_id)
    ORDER BY name`)
  const outside = rows.find(({ is_below }) => is_below !== true)
  if (outside !== undefined)
    throw new InvalidInput(
      `${outside['path']} lies outside the lake's data path, and another place would not have it; write its rows into the lake`,
    )
  return rows.map(({ name, bytes }) => ({ name: String(name), bytes: Number(bytes) }))
}

interface Carried {
  readonly name: string
  readonly bytes: number
  /** Given: a file of another content is refused. */
  readonly sha256?: string
}

/** Copies files under their names, a few at a time; resolves to them with their hashes. After a failure none is begun any more. */
export const carryFiles = async (from: FileStore, to: FileStore, files: readonly Carried[]): Promise<BackupFile[]> => {
  const waiting = files[Symbol.iterator]()
  const done: BackupFile[] = []
  let failed = false
  const lane = async () => {
    for (let next = waiting.next(); next.done !== true && !failed; next = waiting.next()) {
      const { name, bytes } = next.value
      const sha256 = await copyFile(from, to, next.value).catch((error: unknown) => {
        failed = true
        throw error
      })
      done.push({ name, bytes, sha256 })
    }
  }
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  return done
}
