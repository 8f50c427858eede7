import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { provision } from '../../infra/provision/provision.js'
import { Secret } from '../../infra/secret.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type RunningSeaweed, startSeaweed } from '../../infra/stack/seaweed.js'
import { deliver, exactTotal, usageLines } from './deliveries.js'
import { type Bills, openBills } from './import_run.js'

const bucket = 'bills'
const prefix = 'aws-prefix'
let folder: string
let server: RunningSeaweed
let client: S3Client
let bills: Bills
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tributary-s3-'))
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { path: program } = await provision('weed', { cacheDir, overrides: tools, log: () => undefined })
  server = await startSeaweed({
    program,
    folder,
    logFile: path.join(folder, 'weed.log'),
    registry: new ProcessRegistry(folder),
  })
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }
  bills = await openBills({ kind: 's3', url: `s3://${bucket}/${prefix}`, bucket, prefix, endpoint, region, keys })
})
afterAll(async () => {
  await bills?.close()
  client?.destroy()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Puts what was delivered to the folder into the bucket, the manifest last as AWS does. */
const upload = async (source: string) => {
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  for (const file of files.sort((one, other) => Number(one.endsWith('.json')) - Number(other.endsWith('.json'))))
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `${prefix}/${path.relative(source, file)}`,
        Body: await readFile(file),
      }),
    )
}

test('deliveries in S3 are found and read there: CSV and Parquet, of two accounts', async () => {
  const accounts = ['888888888881', '888888888882']
  const lines = (account: string) => usageLines(40, { account })
  await deliver(bills.source, { account: accounts[0] ?? '', lines: lines(accounts[0] ?? ''), files: 2 })
  await deliver(bills.source, {
    account: accounts[1] ?? '',
    lines: lines(accounts[1] ?? ''),
    layout: 'data_export',
    spelling: 'underscore',
    format: 'parquet',
    manifest: { exportArn: undefined },
  })
  await upload(bills.source)
  expect(await bills.run()).toMatchObject({ planned: 2, failed: [] })
  for (const account of accounts) {
    const total = exactTotal(lines(account))
    expect(await bills.totals(account)).toEqual([total, total, total, total])
  }
  expect(await bills.run()).toMatchObject({ planned: 0 })
})
