import path from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupLake } from '../../activities/lake/backup_lake.js'
import { importTable } from '../../activities/lake/import_table.js'
import { restoreLake } from '../../activities/lake/restore_lake.js'
import { loadConfig } from '../../infra/config.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { openLake } from '../../infra/lake/lake.js'
import { provision } from '../../infra/provision/provision.js'
import type { DataConfig } from '../../infra/resources.js'
import { Secret } from '../../infra/secret.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { startSeaweed } from '../../infra/stack/seaweed.js'
import { copyFile, openStore } from '../../infra/store/file_store.js'
import { FolderStore } from '../../infra/store/folder_store.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

let scratch: ScratchLake
let server: Awaited<ReturnType<typeof startSeaweed>>
const place = (prefix: string): DataConfig => {
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }
  return { kind: 's3', url: `s3://backups/${prefix}`, bucket: 'backups', prefix, endpoint, region, keys }
}

beforeAll(async () => {
  scratch = await openScratchLake([cargo])
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { path: program } = await provision('weed', { cacheDir, overrides: tools, log: () => undefined })
  const folder = path.join(scratch.folder, 's3')
  server = await startSeaweed({
    program,
    folder,
    logFile: `${folder}.log`,
    registry: new ProcessRegistry(scratch.folder),
  })
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  await client.send(new CreateBucketCommand({ Bucket: 'backups' }))
})
afterAll(async () => {
  await server.stop()
  await scratch.close()
})

test('a lake backed up to S3 is restored with its data on S3, equal by hash, and from there to a folder', async () => {
  const { lake, options, folder } = scratch
  const file = path.join(folder, 'parcels.parquet')
  await lake.session((session) => session.run(`COPY (${parcelRows(0, 1_000)}) TO ${quotedLiteral(file)}`))
  await importTable(lake, [cargo], 'test', { table: parcels.name, from: file })
  const common = { catalog: 'file', scratch: options.temporaryDirectory, compared: 3 } as const
  const made = await backupLake(lake, { ...common, to: place('first'), data: options.data })
  expect((await backupLake(lake, { ...common, to: place('first'), data: options.data })).copiedFiles).toBe(0)

  const onS3 = {
    ...options,
    catalog: { kind: 'file', path: path.join(folder, 'on_s3.ducklake') },
    data: place('lake'),
  } as const
  const restored = await restoreLake({ ...common, from: place('first'), data: onS3.data, open: () => openLake(onS3) })
  expect(restored.contents).toEqual(made.manifest.contents)
  const second = await openLake(onS3)
  const { manifest } = await backupLake(second, { ...common, to: place('second'), data: onS3.data })
  await second.close()
  expect(manifest.contents).toEqual(made.manifest.contents)

  const onDisk = {
    ...options,
    catalog: { kind: 'file', path: path.join(folder, 'on_disk.ducklake') },
    data: { kind: 'folder', path: path.join(folder, 'on_disk') },
  } as const
  const back = await restoreLake({ ...common, from: place('second'), data: onDisk.data, open: () => openLake(onDisk) })
  expect(back.contents).toEqual(made.manifest.contents)
})

test('an object whose content is not what was expected is not left behind', async () => {
  const store = openStore(place('refused'))
  const from = new FolderStore(scratch.folder)
  const bytes = (await from.list()).get('parcels.parquet') ?? 0
  const wanted = { name: 'parcels.parquet', bytes, sha256: '0'.repeat(64) }
  await expect(copyFile(from, store, wanted)).rejects.toThrow(/has the SHA-256/)
  await expect(copyFile(from, store, { name: 'parcels.parquet', bytes: bytes + 1 })).rejects.toThrow(/bytes, not/)
  expect([...(await store.list()).keys()]).toEqual([])
  await expect(store.read('nothing')).rejects.toThrow(/does not answer usefully/)
})
