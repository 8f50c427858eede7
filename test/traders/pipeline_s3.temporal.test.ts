import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { provision } from '../../infra/provision/provision.js'
import { Secret } from '../../infra/secret.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type RunningSeaweed, startSeaweed } from '../../infra/stack/seaweed.js'
import { traders } from '../../schemas/traders/index.js'
import { type Pipeline, startPipeline } from './pipeline.js'

const bucket = 'lake'
const prefix = 'somewhere/below'
const market = { tokens: 6, wallets: 40, swaps: 3_000 }
const tables = traders.stages.flatMap((stage) => stage.tables)
/** Nothing is delivered here, and nothing is wrong with what is read. */
const emptyWithoutDeliveries = (name: string): boolean =>
  /^traders_(live\..*|bronze\.(webhook_.*|rejected_rows)|gold\.trader_alerts)$/.test(name)

describe('the pipeline with its data in S3', () => {
  let folder: string
  let server: RunningSeaweed
  let s3: S3Client
  let local: Pipeline
  let remote: Pipeline
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tributary-s3-'))
    const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
    const log = (line: string) => process.stderr.write(`${line}\n`)
    const { path: program } = await provision('weed', { cacheDir, overrides: tools, log })
    const registry = new ProcessRegistry(folder)
    server = await startSeaweed({ program, folder, logFile: path.join(folder, 'weed.log'), registry })
    const { endpoint, region, accessKeyId, secretAccessKey } = server
    s3 = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }
    remote = await startPipeline({
      market,
      data: { kind: 's3', url: `s3://${bucket}/${prefix}`, bucket, prefix, endpoint, region, keys },
    })
    local = await startPipeline({ market })
    for (const pipeline of [remote, local]) {
      await pipeline.run({ history: { walletsPerBatch: 15 } })
      // A second run rewrites rows of the first: deletes have to find the objects again.
      await pipeline.run({ asOf: new Date(pipeline.market.nowMs + 1_000).toISOString() })
    }
  })
  afterAll(async () => {
    await Promise.all([remote?.close(), local?.close()])
    s3?.destroy()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const objects = async (): Promise<string[]> => {
    const { Contents = [], IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect(IsTruncated).toBe(false)
    return Contents.map(({ Key = '' }) => Key)
  }
  const rows = async ({ lake }: Pipeline, name: string, key: readonly string[]) => {
    const all = await lake.session((session) => session.all(`SELECT * FROM lake.${name} ORDER BY ${key.join(', ')}`))
    // Each pipeline has a Helius of its own, which names its webhooks by chance, and publishes when it does.
    return all.map(({ webhook_id, published_at, ...row }) => row)
  }

  test.each(tables)('has the rows of a run on a folder in $name', async ({ name, key }) => {
    const expected = await rows(local, name, key)
    expect(await rows(remote, name, key)).toEqual(expected)
    if (!emptyWithoutDeliveries(name)) expect(expected.length).toBeGreaterThan(0)
  })

  test('keeps its Parquet files below the prefix, every one the catalog names', async () => {
    const catalogued = await remote.lake.session((session) =>
      session.all(`
        SELECT s.path || t.path || f.path AS path FROM __ducklake_metadata_lake.ducklake_data_file AS f
        JOIN __ducklake_metadata_lake.ducklake_table AS t USING (table_id)
        JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)`),
    )
    const stored = await objects()
    expect(stored.filter((key) => !/^somewhere\/below\/.*\.parquet$/.test(key))).toEqual([])
    expect(stored).toEqual(expect.arrayContaining(catalogued.map((row) => `${prefix}/${row['path']}`)))
    expect(catalogued.length).toBeGreaterThan(5)
  })

  test('writes none of them on the local disk', () => {
    const scratch = path.dirname(remote.lakeOptions.temporaryDirectory)
    const files = readdirSync(scratch, { recursive: true, encoding: 'utf8' })
    expect(files.filter((name) => name.endsWith('.parquet'))).toEqual([])
    const ofLocal = readdirSync(path.dirname(local.lakeOptions.temporaryDirectory), {
      recursive: true,
      encoding: 'utf8',
    })
    expect(ofLocal.some((name) => name.endsWith('.parquet'))).toBe(true)
  })
})
