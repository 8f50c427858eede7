import type { Environment, VariableName } from './environment.js'
import { optional, present, secret } from './optional.js'
import { type PostgresAddress, parsePostgresAddress } from './postgres_address.js'
import { Secret } from './secret.js'

/** Where the lake's catalog is: `embedded` is the PostgreSQL that `up` starts itself. */
export type CatalogConfig =
  | { kind: 'embedded' }
  | { kind: 'postgres'; address: PostgresAddress }
  | { kind: 'file'; path: string }

/** Where the lake's Parquet files are. Without keys an S3 store is reached by the AWS credential chain. */
export type DataConfig =
  | { kind: 'folder'; path: string }
  | { kind: 's3'; url: string; bucket: string; prefix: string; endpoint?: string; region: string; keys?: S3Keys }

export interface S3Keys {
  accessKeyId: string
  secretAccessKey: Secret
  sessionToken?: Secret
}

/** `local` is the dev server that `up` starts itself. Paths of TLS files are absolute. */
export type TemporalConfig =
  | { kind: 'local'; namespace: string }
  | { kind: 'remote'; address: string; namespace: string; apiKey?: Secret; tls?: TemporalTls }

export interface TemporalTls {
  serverName?: string
  serverCaPath?: string
  clientCertPath?: string
  clientKeyPath?: string
}

/** An outside API. `sandbox` says that the built-in one is to answer in its place: no key, and no address given. */
export interface SourceConfig {
  baseUrl: string
  apiKey?: Secret
  sandbox: boolean
}

export interface BirdEyeConfig extends SourceConfig {
  requestsPerSecond: number
  walletGroupRequestsPerMinute: number
  /** Compute units by endpoint path; overrides the client's own list. */
  computeUnitPrices: Record<string, number>
}

/** Who is told of alerts. The URLs may hold what only the receiver is to know. */
export interface AlertsConfig {
  urls: readonly Secret[]
  secret?: Secret
  /** Receivers on this machine are allowed, for tests and local use. */
  allowLoopback: boolean
}

/** Reports a variable whose value cannot be used, with the mend. */
export type Note = (name: VariableName, mend: string) => void
type Resolve = (path: string) => string

// BirdEye's smallest paid plan: 15 requests a second for the account; 30 a minute for the wallet group (reference A.1).
const BIRDEYE_REQUESTS_PER_SECOND = 15
const BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE = 30
const CATALOG_MEND =
  'must be postgres:host=... dbname=... user=..., postgres://user@host/database or file:PATH; leave it unset for the built-in PostgreSQL'

export function toCatalog({ LAKE_CATALOG: text }: Environment, at: Resolve, note: Note): CatalogConfig {
  if (text === undefined || text === 'embedded') return { kind: 'embedded' }
  if (/^file:./.test(text)) return { kind: 'file', path: at(text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')) }
  if (!/^postgres(ql)?:/.test(text)) {
    note('LAKE_CATALOG', CATALOG_MEND)
    return { kind: 'embedded' }
  }
  try {
    return { kind: 'postgres', address: parsePostgresAddress(text) }
  } catch (error) {
    note('LAKE_CATALOG', error instanceof Error ? error.message : CATALOG_MEND)
    return { kind: 'embedded' }
  }
}

export function toData(variables: Environment, home: string, at: Resolve, note: Note): DataConfig {
  return toPlace('LAKE_DATA', variables.LAKE_DATA ?? `${home}/data`, variables, at, note)
}

/** A folder or an S3 prefix; all that are in S3 share endpoint, region and keys. */
export function toPlace(name: VariableName, text: string, variables: Environment, at: Resolve, note: Note): DataConfig {
  const keys = toS3Keys(variables, note)
  if (!/^[a-z0-9+]+:\/\//i.test(text)) return { kind: 'folder', path: at(text) }
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/.exec(text)
  if (!match?.[1]) {
    note(name, 'must be a folder or s3://bucket/prefix')
    return { kind: 'folder', path: text }
  }
  const prefix = match[2] ?? ''
  return {
    kind: 's3',
    url: prefix ? `s3://${match[1]}/${prefix}` : `s3://${match[1]}`,
    bucket: match[1],
    prefix,
    region: variables.AWS_REGION ?? 'us-east-1',
    ...present({ endpoint: variables.S3_ENDPOINT, keys }),
  }
}

function toS3Keys(variables: Environment, note: Note): S3Keys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = variables
  if (id !== undefined && key !== undefined) {
    return {
      accessKeyId: id,
      secretAccessKey: new Secret(key),
      ...present({ sessionToken: secret(variables.AWS_SESSION_TOKEN) }),
    }
  }
  if (id !== undefined) note('AWS_SECRET_ACCESS_KEY', 'must be set together with AWS_ACCESS_KEY_ID')
  if (key !== undefined) note('AWS_ACCESS_KEY_ID', 'must be set together with AWS_SECRET_ACCESS_KEY')
  return undefined
}

export function toTemporal(variables: Environment, at: Resolve, note: Note): TemporalConfig {
  const namespace = variables.TEMPORAL_NAMESPACE ?? 'default'
  const address = variables.TEMPORAL_ADDRESS
  if (address === undefined) {
    if (variables.TEMPORAL_API_KEY) note('TEMPORAL_ADDRESS', 'must be set together with TEMPORAL_API_KEY')
    if (namespace !== 'default') note('TEMPORAL_ADDRESS', 'must be set together with TEMPORAL_NAMESPACE')
    return { kind: 'local', namespace }
  }
  const tls = present({
    serverName: variables.TEMPORAL_TLS_SERVER_NAME,
    serverCaPath: optional(variables.TEMPORAL_TLS_SERVER_CA_CERT_PATH, at),
    clientCertPath: optional(variables.TEMPORAL_TLS_CLIENT_CERT_PATH, at),
    clientKeyPath: optional(variables.TEMPORAL_TLS_CLIENT_KEY_PATH, at),
  })
  if (tls.clientCertPath && !tls.clientKeyPath) note('TEMPORAL_TLS_CLIENT_KEY_PATH', 'must be set with the certificate')
  if (tls.clientKeyPath && !tls.clientCertPath) note('TEMPORAL_TLS_CLIENT_CERT_PATH', 'must be set with the key')
  // An API key must not travel in the clear, so it turns TLS on as Temporal's own clients do.
  const wanted = variables.TEMPORAL_TLS ?? (Object.keys(tls).length > 0 || variables.TEMPORAL_API_KEY !== undefined)
  const apiKey = secret(variables.TEMPORAL_API_KEY)
  return { kind: 'remote', address, namespace, ...present({ apiKey, tls: wanted ? tls : undefined }) }
}

export function toBirdEye(variables: Environment): BirdEyeConfig {
  return {
    ...toSource('https://public-api.birdeye.so', variables.BIRDEYE_BASE_URL, variables.BIRDEYE_API_KEY),
    requestsPerSecond: variables.BIRDEYE_REQUESTS_PER_SECOND ?? BIRDEYE_REQUESTS_PER_SECOND,
    walletGroupRequestsPerMinute:
      variables.BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE ?? BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE,
    computeUnitPrices: variables.BIRDEYE_COMPUTE_UNIT_PRICES ?? {},
  }
}

/** A source whose address was given is that one, key or no key; else its own address with a key, else the sandbox. */
export function toSource(defaultUrl: string, url: string | undefined, key: string | undefined): SourceConfig {
  const baseUrl = (url ?? defaultUrl).replace(/\/+$/, '')
  return { baseUrl, sandbox: url === undefined && key === undefined, ...present({ apiKey: secret(key) }) }
}

export function toAlerts(variables: Environment, note: Note): AlertsConfig {
  const urls = variables.ALERT_WEBHOOK_URLS ?? []
  const allowLoopback = variables.ALERT_WEBHOOK_ALLOW_LOOPBACK ?? false
  if (urls.length > 0 && variables.ALERT_WEBHOOK_SECRET === undefined)
    note('ALERT_WEBHOOK_SECRET', 'is needed with ALERT_WEBHOOK_URLS: receivers know by it that an alert is ours')
  if (!allowLoopback && urls.some((url) => !url.startsWith('https:')))
    note('ALERT_WEBHOOK_URLS', 'must be https; http is for this machine, with ALERT_WEBHOOK_ALLOW_LOOPBACK=true')
  return {
    urls: urls.map((url) => new Secret(url)),
    allowLoopback,
    ...present({ secret: secret(variables.ALERT_WEBHOOK_SECRET) }),
  }
}
