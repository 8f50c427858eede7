import { randomBytes } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput, SourceChanged } from '../../infra/errors.js'
import { attachSideLake, isEncrypted } from '../../infra/lake/attachment.js'
import { type AttachedCatalog, catalogTable, copyCatalog } from '../../infra/lake/catalog_copy.js'
import { contentAt, contentDifferences, type SnapshotContent, sampleSnapshots } from '../../infra/lake/contents.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { DataConfig } from '../../infra/resources.js'
import { copyFile, type FileStore, openStore } from '../../infra/store/file_store.js'
import { FolderStore } from '../../infra/store/folder_store.js'
import { below, carryFiles, filesOf } from './backup_files.js'
import { isCatalogName, type Manifest, manifestName, readManifest, writeManifest } from './backup_manifest.js'

export interface BackupRequest {
  readonly to: DataConfig
  /** What the lake's catalog is, and where its data. */
  readonly catalog: AttachedCatalog['kind']
  readonly data: DataConfig
  /** A folder for the catalog's copy while it is made. */
  readonly scratch: string
  /** Snapshots whose contents are compared, the newest among them. */
  readonly compared: number
}

export interface BackupResult {
  readonly manifest: Manifest
  /** Of the manifest, and so of everything. */
  readonly sha256: string
  readonly copiedFiles: number
}

/**
 * Copies the lake with its history, as one state of it, whatever is committed meanwhile. Files that an earlier backup at the place
 * has are not copied again; that backup is whole until this one is. What is made is itself a lake with a file catalog. Throws
 * SourceChanged where it does not hold what the lake holds, and InvalidInput where the place holds anything else.
 */
export const backupLake = (lake: Lake, request: BackupRequest): Promise<BackupResult> =>
  lake.session(async (session) => {
    const place = openStore(request.to)
    const present = await place.list()
    const earlier = await earlierBackup(place, present)
    const suffix = randomBytes(4).toString('hex')
    const file = path.join(request.scratch, `backup-${suffix}.ducklake`)
    const data = below(request.to, 'data')
    await mkdir(request.scratch, { recursive: true })
    try {
      const encrypted = await isEncrypted(session, 'lake')
      await attachSideLake(session, { alias: 'backup', catalogPath: file, data, encrypted })
      await copyCatalog(session, { alias: 'lake', kind: request.catalog }, { alias: 'backup', kind: 'file' })
      // Attached again, since the catalog was changed under it.
      await session.run('DETACH backup')
      await attachSideLake(session, { alias: 'backup', catalogPath: file, data })
      const wanted = await filesOf(session, 'backup')
      const kept = new Map(
        (earlier?.files ?? [])
          .filter(({ name, bytes }) => present.get(`data/${name}`) === bytes)
          .map((each) => [each.name, each]),
      )
      const missing = wanted.filter(({ name }) => !kept.has(name))
      const copied = await carryFiles(openStore(request.data), openStore(data), missing)
      const hashed = new Map([...kept, ...copied.map((each) => [each.name, each] as const)])
      const contents = await sameContents(session, request.compared)
      const snapshots = await session.one(
        `SELECT max(snapshot_id) AS newest, count(*) AS n FROM ${catalogTable('backup', 'ducklake_snapshot')}`,
      )
      await session.run('DETACH backup')
      const snapshotId = Number(snapshots['newest'])
      const name = `catalog-${snapshotId}-${suffix}.ducklake`
      const bytes = (await stat(file)).size
      const own = { name: path.basename(file), bytes }
      const catalog = { name, bytes, sha256: await copyFile(new FolderStore(request.scratch), place, own, name) }
      const manifest: Manifest = {
        version: 1,
        createdAt: new Date().toISOString(),
        snapshotId,
        snapshots: Number(snapshots['n']),
        encrypted,
        catalog,
        files: wanted.flatMap((each) => hashed.get(each.name) ?? []),
        contents,
      }
      const sha256 = await writeManifest(place, manifest)
      if (earlier !== undefined) await place.remove(earlier.catalog.name)
      return { manifest, sha256, copiedFiles: copied.length }
    } finally {
      await session.run('DETACH DATABASE IF EXISTS backup')
      for (const each of [file, `${file}.wal`]) await rm(each, { force: true })
    }
  })

/** The whole backup that stands at the place, if one does. */
const earlierBackup = async (place: FileStore, present: ReadonlyMap<string, number>): Promise<Manifest | undefined> => {
  const stranger = [...present.keys()].find(
    (name) => name !== manifestName && !name.startsWith('data/') && !isCatalogName(name),
  )
  if (stranger !== undefined)
    throw new InvalidInput(`--to ${place.place}: holds ${stranger}, which is no part of a backup; name another place`)
  return present.has(manifestName) ? readManifest(place, present) : undefined
}

/** Reads the same snapshots of the lake and of its copy. */
const sameContents = async (session: Session, compared: number): Promise<SnapshotContent[]> => {
  const contents: SnapshotContent[] = []
  for (const snapshotId of await sampleSnapshots(session, 'backup', compared)) {
    const kept = 'SELECT 1 FROM lake.snapshots() WHERE snapshot_id = $id'
    // Maintenance may have expired it since the catalog was copied.
    if ((await session.all(kept, { id: BigInt(snapshotId) })).length === 0) continue
    const expected = await contentAt(session, 'lake', snapshotId)
    const differences = contentDifferences(expected, await contentAt(session, 'backup', snapshotId))
    if (differences.length > 0)
      throw new SourceChanged(`the copy differs from the lake, and is not kept:\n  ${differences.join('\n  ')}`)
    contents.push(expected)
  }
  return contents
}
