import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { Client } from 'pg'
import type { Config } from '../config.js'
import { describePostgresAddress, type PostgresAddress } from '../postgres_address.js'
import type { DataConfig, SourceConfig } from '../resources.js'
import { homeHolder } from '../stack/home_lock.js'
import { connectClient } from '../temporal/connection.js'
import { attempt, type Finding, finding } from './finding.js'
import { inspectFolder } from './machine.js'

// Long enough for a far region, short enough for a person who waits.
const PROBE_TIMEOUT_MS = 5_000

/** What the project talks to: catalog, data, Temporal, the sources, the webhook's target. Writes nothing. */
export async function inspectServices(config: Config): Promise<Finding[]> {
  const { data } = config
  const webhook = config.webhook.url ?? 'none'
  const unguarded = config.webhook.url !== undefined && config.webhook.auth === undefined
  return Promise.all([
    attempt('catalog', () => inspectCatalog(config)),
    data.kind === 'folder' ? attempt('data', () => inspectFolder('data', data.path)) : inspectBucket(data),
    attempt('temporal', () => inspectTemporal(config)),
    inspectSource('birdeye', 'BIRDEYE', config.birdeye),
    inspectSource('helius', 'HELIUS', config.helius),
    finding('webhook', 'ok', {
      path: webhook,
      advice: unguarded ? 'set WEBHOOK_AUTH, so that its receiver can tell Helius from others' : '',
    }),
  ])
}

async function inspectCatalog({ catalog, home }: Config): Promise<Finding> {
  if (catalog.kind === 'postgres') return inspectDatabase(catalog.address)
  if (catalog.kind === 'file') {
    return { ...(await inspectFolder('catalog', catalog.path.replace(/\/[^/]*$/, '') || '/')), path: catalog.path }
  }
  const address = (await homeHolder(home))?.details['catalog']
  const advice = address ? `running on ${address}` : 'built-in PostgreSQL: started by `tributary up`'
  return finding('catalog', 'ok', { source: 'embedded', path: `${home}/postgres`, advice })
}

async function inspectDatabase(address: PostgresAddress): Promise<Finding> {
  const path = describePostgresAddress(address)
  const client = new Client({
    ...{ host: address.host, port: address.port, user: address.user, database: address.database },
    password: address.password?.reveal(),
    ...sslOptions(address),
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
  })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return finding('catalog', 'ok', { version: rows[0]?.server_version ?? '', source: 'LAKE_CATALOG', path })
  } catch (error) {
    const reason = error instanceof AggregateError ? String(error.errors[0]) : String(error)
    return finding('catalog', 'wrong', { source: 'LAKE_CATALOG', path, advice: `it does not answer: ${reason}` })
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function inspectBucket(data: Extract<DataConfig, { kind: 's3' }>): Promise<Finding> {
  const credentials = data.keys && {
    accessKeyId: data.keys.accessKeyId,
    secretAccessKey: data.keys.secretAccessKey.reveal(),
    ...(data.keys.sessionToken ? { sessionToken: data.keys.sessionToken.reveal() } : {}),
  }
  const client = new S3Client({
    region: data.region,
    maxAttempts: 1,
    ...(credentials ? { credentials } : {}),
    ...(data.endpoint ? { endpoint: data.endpoint, forcePathStyle: true } : {}),
  })
  const source = data.endpoint ?? 'AWS'
  try {
    const listing = new ListObjectsV2Command({ Bucket: data.bucket, Prefix: data.prefix, MaxKeys: 1 })
    await client.send(listing, { abortSignal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    return finding('data', 'ok', { source, path: data.url })
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const advice = `the bucket does not answer (${reason}): check LAKE_DATA, S3_ENDPOINT and the AWS keys`
    return finding('data', 'wrong', { source, path: data.url, advice })
  } finally {
    client.destroy()
  }
}

/** libpq's `require` encrypts without checking the certificate; `verify-ca` and `verify-full` check it. */
function sslOptions({ parameters }: PostgresAddress): { ssl?: { rejectUnauthorized: boolean } } {
  const mode = parameters['sslmode'] ?? 'prefer'
  return /^(require|verify)/.test(mode) ? { ssl: { rejectUnauthorized: mode.startsWith('verify') } } : {}
}

async function inspectTemporal({ temporal, home }: Config): Promise<Finding> {
  if (temporal.kind === 'local') {
    const address = (await homeHolder(home))?.details['temporal']
    const advice = address ? `running on ${address}` : 'built-in dev server: started by `tributary up`'
    return finding('temporal', 'ok', { source: 'embedded', path: `${home}/temporal`, advice })
  }
  const fields = { source: 'TEMPORAL_ADDRESS', path: `${temporal.address}/${temporal.namespace}` }
  return attempt(
    'temporal',
    async () => {
      const client = await connectClient(temporal)
      try {
        const { workflowService } = client.connection
        const { serverVersion } = await workflowService.getClusterInfo({})
        await workflowService.describeNamespace({ namespace: temporal.namespace })
        return finding('temporal', 'ok', { ...fields, version: serverVersion ?? '' })
      } finally {
        await client.connection.close()
      }
    },
    fields,
  )
}

/** Whether the real source is asked, and with which right to. No request is made: requests cost compute units. */
function inspectSource(name: string, prefix: string, source: SourceConfig): Finding {
  if (source.sandbox) {
    return finding(name, 'ok', { source: 'sandbox', advice: `set ${prefix}_API_KEY to use ${source.baseUrl}` })
  }
  const advice = source.apiKey ? '' : `asked without a key: set ${prefix}_API_KEY if it wants one`
  return finding(name, 'ok', { source: source.apiKey ? 'API key' : 'no key', path: source.baseUrl, advice })
}
