import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import type { Finding } from '../../infra/doctor/finding.js'
import { inspect } from '../../infra/doctor.js'

// Disks of CI machines take seconds to sync a file.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-doctor-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function findings(env: Record<string, string>): Promise<Map<string, Finding>> {
  const config = loadConfig({ TRIBUTARY_CACHE: join(folder, 'cache'), TRIBUTARY_HOME: join(folder, 'home'), ...env })
  return new Map((await inspect(config)).map((finding) => [finding.name, finding]))
}

test('an empty machine misses the tools and is told how they come', async () => {
  const found = await findings({})
  for (const name of ['temporal-cli', 'ducklake', 'httpfs', 'postgres_scanner', 'aws']) {
    expect(found.get(name), name).toMatchObject({ status: 'missing', advice: expect.stringContaining('first start') })
  }
  for (const name of ['node', 'platform', 'home', 'cache', 'postgresql', 'catalog', 'data', 'temporal', 'port']) {
    expect(found.get(name), name).toMatchObject({ status: 'ok' })
  }
  expect(found.get('postgresql')?.version).toMatch(/^18\./)
  expect(found.get('birdeye')).toMatchObject({ status: 'ok', source: 'sandbox' })
  expect(found.has('weed')).toBe(false)
})

test('a cached tool that is not the pinned one is wrong, whatever its stamp says', async () => {
  const missing = (await findings({})).get('httpfs')?.path ?? ''
  await mkdir(join(missing, '..'), { recursive: true })
  await writeFile(missing, 'not an extension')
  expect((await findings({})).get('httpfs')).toMatchObject({
    status: 'wrong',
    advice: expect.stringMatching(/its SHA-256 is .* is pinned: delete the file/),
  })
})

test('an own copy is named by its variable, and a wrong one is told', async () => {
  const own = join(folder, 'temporal')
  expect((await findings({ TRIBUTARY_TEMPORAL_CLI: own })).get('temporal-cli')).toMatchObject({
    status: 'wrong',
    source: 'TRIBUTARY_TEMPORAL_CLI',
  })
  await cp(process.execPath, own)
  expect((await findings({ TRIBUTARY_TEMPORAL_CLI: own })).get('temporal-cli')).toMatchObject({
    status: 'ok',
    version: 'not the pinned build',
  })
})

test('what does not answer is wrong, and no password is shown', async () => {
  await writeFile(join(folder, 'file'), '')
  const found = await findings({
    TRIBUTARY_HOME: join(folder, 'file', 'home'),
    LAKE_CATALOG: 'postgres://me:sesame@127.0.0.1:1/lake',
    LAKE_DATA: 's3://lake/x',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'sesame',
  })
  expect(found.get('home')).toMatchObject({ status: 'wrong', advice: expect.stringContaining('is a file') })
  expect(found.get('catalog')).toMatchObject({ status: 'wrong', path: 'postgres://me@127.0.0.1:1/lake' })
  expect(found.get('data')).toMatchObject({ status: 'wrong', advice: expect.stringContaining('ECONNREFUSED') })
  expect(JSON.stringify([...found.values()])).not.toContain('sesame')
})
