import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupLake } from '../../activities/lake/backup_lake.js'
import { importTable } from '../../activities/lake/import_table.js'
import { restoreLake } from '../../activities/lake/restore_lake.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

let scratch: ScratchLake
beforeAll(async () => {
  scratch = await openScratchLake([cargo], 'file', undefined, { encrypted: true })
  const { lake, folder } = scratch
  const file = path.join(folder, 'parcels.parquet')
  await lake.session((session) => session.run(`COPY (${parcelRows(0, 1_000)}) TO ${quotedLiteral(file)}`))
  await importTable(lake, [cargo], 'test', { table: parcels.name, from: file })
})
afterAll(() => scratch.close())

const dataFiles = async (folder: string) => {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.parquet')).map((name) => path.join(folder, name))
}

test('a file of an encrypted lake is unreadable by itself, and readable through the lake', async () => {
  const { lake, folder } = scratch
  const files = await dataFiles(path.join(folder, 'data', 'cargo_bronze'))
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    const read = lake.session((session) => session.all(`FROM read_parquet(${quotedLiteral(file)})`))
    await expect(read).rejects.toThrow(/is encrypted/)
    const content = await readFile(file)
    expect(content.subarray(0, 4).toString()).toBe('PARE')
    for (const word of ['plain', 'here', 'parcel_id']) expect(content.includes(word), word).toBe(false)
  }
  const rows = await lake.session((session) => session.all(`FROM lake.${parcels.name} ORDER BY parcel_id`))
  expect(rows).toEqual(
    await lake.session((session) => session.all(`FROM (${parcelRows(0, 1_000)}) ORDER BY parcel_id`)),
  )
})

test('its backup is encrypted as well, and so is what is restored of it', async () => {
  const { lake, folder, options } = scratch
  const place = { kind: 'folder', path: path.join(folder, 'backup') } as const
  const request = { catalog: 'file', data: options.data, scratch: options.temporaryDirectory, compared: 3 } as const
  const { manifest } = await backupLake(lake, { to: place, ...request })
  expect(manifest.encrypted).toBe(true)
  const own = {
    ...options,
    catalog: { kind: 'file', path: path.join(folder, 'restored.ducklake') },
    data: { kind: 'folder', path: path.join(folder, 'restored') },
  } as const
  const restore = (encrypted: boolean) =>
    restoreLake({ ...request, from: place, data: own.data, open: () => openLake({ ...own, encrypted }) })
  await restore(true)
  // Without the setting the lake is taken as it is.
  const { encrypted: _, ...unset } = own
  const again = await openLake(unset)
  const more = path.join(folder, 'more.parquet')
  await again.session((session) => session.run(`COPY (${parcelRows(1_000, 1_100)}) TO ${quotedLiteral(more)}`))
  await importTable(again, [cargo], 'test', { table: parcels.name, from: more })
  await again.close()
  expect((await dataFiles(own.data.path)).length).toBeGreaterThan(manifest.files.length)
  for (const file of await dataFiles(own.data.path))
    expect((await readFile(file)).subarray(0, 4).toString()).toBe('PARE')
  await expect(openLake({ ...own, encrypted: false })).rejects.toThrow(
    /LAKE_ENCRYPTED=false: the lake was created with/,
  )
})

test('the setting of a lake that is there cannot be changed, and need not be given', async () => {
  const plain = await openScratchLake([cargo])
  await plain.lake.close()
  await expect(openLake({ ...plain.options, encrypted: true })).rejects.toThrow(
    /LAKE_ENCRYPTED=true: the lake was created without encryption, which stays; unset it/,
  )
  const again = await openLake({ ...plain.options, encrypted: false })
  await reconcile(again, [cargo])
  await again.close()
})
