import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import type { PostgresAddress } from '../../infra/postgres_address.js'
import { identify, waitForExit } from '../../infra/process_identity.js'
import { provision } from '../../infra/provision/provision.js'
import { freePort } from '../../infra/stack/port.js'
import { startPostgres } from '../../infra/stack/postgres.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { startSeaweed } from '../../infra/stack/seaweed.js'

let home: string
let port: number
const lines: string[] = []

beforeAll(async () => {
  // mkdtemp is readable by its owner only: as root, PostgreSQL's own user cannot get into it by itself.
  home = await mkdtemp(join(tmpdir(), 'tributary-postgres-'))
  port = await freePort(15_800)
})

afterAll(() => rm(home, { recursive: true, force: true }))

function start() {
  return startPostgres({
    folder: join(home, 'postgres'),
    port,
    logFile: join(home, 'logs', 'postgres.log'),
    registry: new ProcessRegistry(home),
    log: (line) => lines.push(line),
  })
}

async function ask(address: PostgresAddress, sql: string, password = address.password?.reveal()): Promise<unknown[]> {
  const client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password,
  })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

test('PostgreSQL keeps its data over a clean stop, a kill and a stale pid file', async () => {
  const first = await start()
  expect(await ask(first.address, 'SHOW lc_messages')).toEqual(['C'])
  expect(await ask(first.address, 'SHOW server_encoding')).toEqual(['UTF8'])
  expect(await ask(first.address, 'SHOW listen_addresses')).toEqual(['127.0.0.1'])
  await expect(ask(first.address, 'SELECT 1', 'wrong')).rejects.toThrow(/password/)
  await ask(first.address, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  expect(identify(first.pid)).toBeUndefined()

  const second = await start()
  const killed = identify(second.pid)
  process.kill(second.pid, 'SIGKILL')
  if (killed) await waitForExit(killed, 5_000)
  await second.exited
  // As if the machine had given the pid to this very process since.
  const pidFile = join(home, 'postgres', 'data', 'postmaster.pid')
  const stale = await readFile(pidFile, 'utf8')
  await writeFile(pidFile, stale.replace(/^\d+/, String(process.pid)))

  const third = await start()
  expect(await ask(third.address, 'SELECT answer FROM kept')).toEqual([42])
  await third.stop()
})

test('a PostgreSQL still running on the data is stopped, not fought', async () => {
  const left = await start()
  const next = await start()
  expect(lines).toContain(`stopping PostgreSQL (pid ${left.pid}), left by an earlier run`)
  expect(identify(left.pid)).toBeUndefined()
  expect(await ask(next.address, 'SELECT 1')).toEqual([1])
  await next.stop()
})

test('data of another major version is refused with the mend', async () => {
  const path = join(home, 'postgres', 'data', 'PG_VERSION')
  await writeFile(path, '15\n')
  await expect(start()).rejects.toThrow(/made by PostgreSQL 15, and this is 18: use another TRIBUTARY_HOME/)
  await writeFile(path, '18\n')
})

test('SeaweedFS stores and returns an object under its keys, and refuses others', async () => {
  const config = loadConfig()
  const options = { cacheDir: config.cacheDir, overrides: config.tools, log: (line: string) => lines.push(line) }
  const { path: program } = await provision('weed', options)
  const server = await startSeaweed({
    program,
    folder: join(home, 's3'),
    logFile: join(home, 'logs', 's3.log'),
    registry: new ProcessRegistry(home),
  })
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const connect = (key: string) =>
    new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey: key } })
  const client = connect(secretAccessKey)
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }))
  await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'a/b', Body: 'kept' }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'a/b' }))
  expect(await Body?.transformToString()).toBe('kept')
  await expect(connect('wrong').send(new GetObjectCommand({ Bucket: 'lake', Key: 'a/b' }))).rejects.toThrow(
    /signature/i,
  )
  await server.stop()
  expect(identify(server.pid)).toBeUndefined()
})
