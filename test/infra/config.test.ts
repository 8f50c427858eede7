import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { InvalidInput } from '../../infra/errors.js'
import { libpqString, parsePostgresAddress } from '../../infra/postgres_address.js'

const folder = mkdtempSync(join(tmpdir(), 'tributary-config-'))
const root = () => mkdtempSync(join(folder, 'project-'))
afterAll(() => rmSync(folder, { recursive: true }))

const load = (env: Record<string, string>, projectRoot = root()) => loadConfig(env, projectRoot)

function refusal(env: Record<string, string>, projectRoot = root()): string {
  try {
    load(env, projectRoot)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput)
    return error instanceof Error ? error.message : ''
  }
  throw new Error('the configuration was accepted')
}

describe('defaults', () => {
  test('an empty environment is a local, keyless set-up', () => {
    const projectRoot = root()
    const config = load({ XDG_CACHE_HOME: '/cache' }, projectRoot)
    expect(config).toMatchObject({
      home: join(projectRoot, '.tributary'),
      cacheDir: '/cache/tributary',
      catalog: { kind: 'embedded' },
      data: { kind: 'folder', path: join(projectRoot, '.tributary', 'data') },
      temporal: { kind: 'local', namespace: 'default' },
      birdeye: { baseUrl: 'https://public-api.birdeye.so', sandbox: true, requestsPerSecond: 15 },
      helius: { baseUrl: 'https://api-mainnet.helius-rpc.com', sandbox: true },
      api: { host: '127.0.0.1', port: 8300 },
    })
    expect(config.birdeye.walletGroupRequestsPerMinute).toBe(30)
  })

  test('an empty variable is an unset one', () => {
    expect(load({ LAKE_CATALOG: '', API_PORT: ' ' })).toMatchObject({
      catalog: { kind: 'embedded' },
      api: { port: 8300 },
    })
  })
})

describe('.env', () => {
  test('gives values, and the real environment overrides them', () => {
    const projectRoot = root()
    writeFileSync(join(projectRoot, '.env'), '# ours\nAPI_PORT=9000\nAPI_HOST="0.0.0.0"\nBIRDEYE_API_KEY=from-file\n')
    const config = load({ API_PORT: '9001' }, projectRoot)
    expect(config.api).toMatchObject({ host: '0.0.0.0', port: 9001 })
    expect(config.birdeye.apiKey?.reveal()).toBe('from-file')
    expect(config.birdeye.sandbox).toBe(false)
  })

  test('a misspelled name of ours is refused, a foreign one is not', () => {
    const projectRoot = root()
    writeFileSync(join(projectRoot, '.env'), 'BIRDEYE_APIKEY=x\nPGHOST=y\n')
    expect(refusal({}, projectRoot)).toMatch(/BIRDEYE_APIKEY \(in \.env\)/)
  })
})

describe('sources', () => {
  test('a given address is asked, with or without a key', () => {
    const { birdeye } = load({ BIRDEYE_BASE_URL: 'http://127.0.0.1:9/' })
    expect(birdeye).toEqual(expect.objectContaining({ baseUrl: 'http://127.0.0.1:9', sandbox: false }))
    expect(birdeye).not.toHaveProperty('apiKey')
  })

  test('a key alone means the real service', () => {
    expect(load({ HELIUS_API_KEY: 'k' }).helius).toMatchObject({ sandbox: false })
  })

  test('prices are JSON by endpoint', () => {
    const config = load({ BIRDEYE_COMPUTE_UNIT_PRICES: '{"/defi/v3/token/list":80}' })
    expect(config.birdeye.computeUnitPrices).toEqual({ '/defi/v3/token/list': 80 })
    expect(refusal({ BIRDEYE_COMPUTE_UNIT_PRICES: '{"/a":-1}' })).toMatch(/JSON object of compute units/)
  })
})

describe('lake', () => {
  test('S3 is a bucket, a prefix and a region', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'shh' }
    const { data } = load({ LAKE_DATA: 's3://lake/raw/v1/', S3_ENDPOINT: 'http://127.0.0.1:9000', ...keys })
    expect(data).toMatchObject({
      kind: 's3',
      url: 's3://lake/raw/v1',
      bucket: 'lake',
      prefix: 'raw/v1',
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9000',
    })
  })

  test('a file catalog is an absolute path below the project', () => {
    const projectRoot = root()
    expect(load({ LAKE_CATALOG: 'file:lake.db' }, projectRoot).catalog).toEqual({
      kind: 'file',
      path: join(projectRoot, 'lake.db'),
    })
  })

  test.each([
    ['postgres:host=db port=5433 dbname=lake user=me'],
    ['postgres://me@db:5433/lake'],
    ['postgresql://me@db:5433/lake'],
    ['postgres:postgres://me@db:5433/lake'],
  ])('%s is one address', (text) => {
    const expected = { host: 'db', port: 5433, database: 'lake', user: 'me', parameters: {} }
    expect(load({ LAKE_CATALOG: text }).catalog).toEqual({ kind: 'postgres', address: expected })
  })

  test('quotes and backslashes survive the way to libpq and back', () => {
    const address = parsePostgresAddress(`postgres:dbname='my lake' user=u password='it\\'s \\\\ odd' sslmode=require`)
    expect(address.password?.reveal()).toBe(`it's \\ odd`)
    expect(parsePostgresAddress(`postgres:${libpqString(address)}`)).toEqual(address)
    expect(parsePostgresAddress(`postgres:${libpqString(address)}`).password?.reveal()).toBe(`it's \\ odd`)
  })

  test.each([
    ['mysql://x', /must be postgres:/],
    ['postgres:host=db user=me', /names no database/],
    ['postgres:dbname=a user=b hots=c', /unknown keyword hots/],
    ['postgres:dbname=a user', /must be a libpq string/],
    ['postgres://u@h:99999/d', /valid URL/],
    ['postgres:dbname=a user=b port=0', /port/],
  ])('%s is refused', (text, mend) => {
    expect(refusal({ LAKE_CATALOG: text })).toMatch(mend)
  })
})

describe('problems', () => {
  test('all are told at once, each with its variable, value and mend', () => {
    const message = refusal({
      API_PORT: '99999',
      BIRDEYE_BASE_URL: 'ftp://x',
      LAKE_DATA: 'gs://bucket',
      LAKE_CATALOG: 'oracle:u/secretive@db',
      AWS_ACCESS_KEY_ID: 'id',
      TEMPORAL_API_KEY: 'key',
    })
    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/[=:]/)[0]),
    ).toEqual(
      expect.arrayContaining([
        ...['API_PORT', 'BIRDEYE_BASE_URL', 'LAKE_DATA', 'LAKE_CATALOG', 'AWS_SECRET_ACCESS_KEY', 'TEMPORAL_ADDRESS'],
      ]),
    )
    expect(message).toContain('API_PORT="99999": must be a port')
    expect(message).not.toContain('secretive')
    expect(refusal({ LAKE_CATALOG: 'mysql://db/lake' })).toContain('LAKE_CATALOG="mysql://db/lake": must be postgres:')
    expect(refusal({ LAKE_CATALOG: 'postgres:pasword=sesame Password=sesame' })).not.toContain('sesame')
  })

  test('neither a refusal nor a printed configuration holds a secret', () => {
    const secrets = { BIRDEYE_API_KEY: 'sesame-1', WEBHOOK_AUTH: 'sesame-2', LAKE_CATALOG: 'postgres://u:sesame-3@h/d' }
    const config = load(secrets)
    expect(`${inspect(config, { depth: null })}${JSON.stringify(config)}${config.webhook.auth}`).not.toContain('sesame')
    expect(refusal({ ...secrets, API_TOKEN: 'sesame', S3_ENDPOINT: 'ftp://u:sesame@h' })).not.toContain('sesame')
  })
})
