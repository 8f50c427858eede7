import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInput, SourceChanged } from '../../infra/errors.js'
import { attachSideLake, isEncrypted } from '../../infra/lake/attachment.js'
import { type AttachedCatalog, catalogTable, copyCatalog } from '../../infra/lake/catalog_copy.js'
import { contentAt, contentDifferences } from '../../infra/lake/contents.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import type { DataConfig } from '../../infra/resources.js'
import { copyFile, type FileStore, openStore } from '../../infra/store/file_store.js'
import { FolderStore } from '../../infra/store/folder_store.js'
import { below, carryFiles, filesOf } from './backup_files.js'
import { type Manifest, readManifest } from './backup_manifest.js'

export interface RestoreRequest {
  readonly from: DataConfig
  /** What the catalog of the lake to be made is, and where its data goes. */
  readonly catalog: AttachedCatalog['kind']
  readonly data: DataConfig
  /** A folder for the catalog's copy while it is read. */
  readonly scratch: string
  /** Opens the lake to be made; an empty catalog is created with it. */
  readonly open: (how: { readonly encrypted: boolean }) => Promise<Lake>
}

/**
 * Makes an empty lake equal to a backup, on whichever catalog, and proves it by reading the contents that the backup's manifest
 * names. Throws SourceChanged where the backup is truncated or was tampered with, and InvalidInput where the lake is not empty;
 * the lake is then as it was. A restore that was cut off can be made again.
 */
export const restoreLake = async (request: RestoreRequest): Promise<Manifest> => {
  const place = openStore(request.from)
  const present = await place.list()
  const manifest = await readManifest(place, present)
  assertWhole(place, present, manifest)
  const lake = await request.open({ encrypted: manifest.encrypted })
  try {
    await lake.exclusively('restore', () => lake.session((session) => fill(session, request, place, manifest)))
  } finally {
    await lake.close()
  }
  // Opened again: what it knew of its catalog is out of date.
  const restored = await request.open({ encrypted: manifest.encrypted })
  try {
    await restored.session((session) => assertSame(session, manifest))
  } finally {
    await restored.close()
  }
  return manifest
}

const assertWhole = (place: FileStore, present: ReadonlyMap<string, number>, { catalog, files }: Manifest): void => {
  const wanted = [catalog, ...files.map((each) => ({ ...each, name: `data/${each.name}` }))]
  const wrong = wanted.filter(({ name, bytes }) => present.get(name) !== bytes)
  const [first] = wrong
  if (first === undefined) return
  const found = present.get(first.name)
  const how = found === undefined ? 'is not there' : `has ${found} bytes, not ${first.bytes}`
  throw new SourceChanged(
    `${place.place}/${first.name} ${how}, and ${wrong.length - 1} more files are missing or truncated; use another backup`,
  )
}

const fill = async (session: Session, request: RestoreRequest, place: FileStore, manifest: Manifest): Promise<void> => {
  const target = openStore(request.data)
  await assertEmpty(session, target, manifest)
  await mkdir(request.scratch, { recursive: true })
  const scratch = new FolderStore(request.scratch)
  const file = path.join(request.scratch, manifest.catalog.name)
  try {
    await copyFile(place, scratch, manifest.catalog)
    const data = below(request.from, 'data')
    await attachSideLake(session, { alias: 'backup', catalogPath: file, data })
    await assertNamed(session, manifest)
    await carryFiles(openStore(data), target, manifest.files).catch(async (error: unknown) => {
      for (const { name } of manifest.files) await target.remove(name).catch(() => undefined)
      throw error
    })
    await copyCatalog(session, { alias: 'backup', kind: 'file' }, { alias: 'lake', kind: request.catalog })
  } finally {
    await session.run('DETACH DATABASE IF EXISTS backup')
    await rm(file, { force: true })
  }
}

/** Files that this very backup would put there may be there: of a restore that was cut off. */
const assertEmpty = async (session: Session, target: FileStore, { files, encrypted }: Manifest): Promise<void> => {
  const { tables } = await session.one(`SELECT count(*) AS tables FROM ${catalogTable('lake', 'ducklake_table')}`)
  if (Number(tables) > 0)
    throw new InvalidInput(
      `the lake that LAKE_CATALOG names holds ${tables} tables; restore into an empty one: another database, file or TRIBUTARY_HOME`,
    )
  const known = new Set(files.map(({ name }) => name))
  const stranger = [...(await target.list()).keys()].find((name) => !known.has(name))
  if (stranger !== undefined)
    throw new InvalidInput(
      `LAKE_DATA ${target.place} holds ${stranger} already; restore into an empty folder or prefix`,
    )
  if ((await isEncrypted(session, 'lake')) !== encrypted)
    throw new InvalidInput(
      `the backup's files are ${encrypted ? '' : 'not '}encrypted; set LAKE_ENCRYPTED=${encrypted}`,
    )
}

/** The catalog and the manifest speak of the same files. */
const assertNamed = async (session: Session, { catalog, files }: Manifest): Promise<void> => {
  const text = (each: { name: string; bytes: number }) => `${each.name} ${each.bytes}`
  const named = (await filesOf(session, 'backup')).map(text).sort()
  if (JSON.stringify(named) !== JSON.stringify(files.map(text).sort()))
    throw new SourceChanged(`${catalog.name} names other files than the manifest; use another backup`)
}

const assertSame = async (session: Session, { contents }: Manifest): Promise<void> => {
  const differences: string[] = []
  for (const expected of contents)
    differences.push(...contentDifferences(expected, await contentAt(session, 'lake', expected.snapshotId)))
  if (differences.length > 0)
    throw new SourceChanged(`the restored lake differs from the backup; do not use it:\n  ${differences.join('\n  ')}`)
}
