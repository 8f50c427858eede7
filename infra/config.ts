import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { type Environment, environment, problemLine, unknownNames } from './environment.js'
import { InvalidInput } from './errors.js'
import { armFailpoint, type Failpoint, noFailpoint } from './failpoint.js'
import { optional, present, secret } from './optional.js'
import {
  type AlertsConfig,
  type BirdEyeConfig,
  type CatalogConfig,
  type DataConfig,
  type Note,
  type SourceConfig,
  type TemporalConfig,
  toAlerts,
  toBirdEye,
  toCatalog,
  toData,
  toPlace,
  toSource,
  toTemporal,
} from './resources.js'
import type { Secret } from './secret.js'

export interface ToolOverrides {
  temporalCli?: string
  duckdbExtensions?: string
  weed?: string
  temporalTestServer?: string
  chromium?: string
}

interface ApiConfig {
  host: string
  port: number
  token?: Secret
  /** Names that the server may be called by, besides `localhost` and addresses. */
  allowedHosts: string[]
}

export interface Config {
  projectRoot: string
  /** Local state of this checkout: catalog, data, Temporal's database, logs. Absolute. */
  home: string
  /** Downloaded tools, shared by all checkouts of this user. Absolute. */
  cacheDir: string
  catalog: CatalogConfig
  data: DataConfig
  /** Whether data files are to be encrypted; absent: as the lake is, and a new one is not. */
  encrypted?: boolean
  temporal: TemporalConfig
  birdeye: BirdEyeConfig
  helius: SourceConfig
  /** Where Helius is to deliver, the secret that its deliveries carry, and the one they carried before. */
  webhook: { url?: string; auth?: Secret; previousAuth?: Secret }
  alerts: AlertsConfig
  /** Where AWS delivers its reports; absent: nowhere. */
  billingSource?: DataConfig
  api: ApiConfig
  /** Where a worker serves its numbers; port 0 is the first free one from 8301 on. */
  metrics: { host: string; port: number }
  /** Absent: JSON, and text on a terminal. */
  logFormat?: 'text' | 'json'
  /** The OTLP/HTTP collector that traces go to; absent: none are made. */
  traceEndpoint?: string
  /** Where people look at runs; links lead there. */
  temporalUiUrl?: string
  tools: ToolOverrides
  /** Does nothing, unless a fault test has armed it. */
  failpoint: Failpoint
}

const API_PORT = 8300
const HERE = dirname(fileURLToPath(import.meta.url))

/**
 * Reads the configuration from `env`, over the `.env` file of the project root. An empty variable counts as unset.
 * Throws one InvalidInput that lists every problem, a line each: variable, value (no secret), mend.
 */
export function loadConfig(
  env: Record<string, string | undefined> = process.env,
  projectRoot: string = findProjectRoot(),
): Config {
  const dotenv = readDotenv(join(projectRoot, '.env'))
  const given = { ...dotenv, ...withoutEmpty(env) }
  const problems = unknownNames(Object.keys(dotenv)).map(
    (name) => `${name} (in .env): is not a variable of this project`,
  )
  const note: Note = (name, mend) => problems.push(problemLine(name, given[name], mend))

  const parsed = environment.safeParse(given)
  const bad = new Set(parsed.error?.issues.map((issue) => String(issue.path[0])))
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0])
    problems.push(problemLine(name, given[name], issue.message))
  }
  // What is well-formed is still checked for meaning, so that one run reports everything.
  const rest = environment.safeParse(Object.fromEntries(Object.entries(given).filter(([name]) => !bad.has(name))))
  const variables: Environment = rest.data ?? {}
  const config = assemble(variables, { env, projectRoot, note })
  if (problems.length > 0) throw new InvalidInput(`The configuration cannot be used:\n  ${problems.join('\n  ')}`)
  return config
}

/** A folder or s3://bucket/prefix that a command names, with the keys and the endpoint that LAKE_DATA would have. */
export function placeNamed(text: string): DataConfig {
  const isUrl = /^[a-z0-9+]+:\/\//i.test(text)
  return loadConfig({ ...process.env, LAKE_DATA: isUrl ? text : resolve(text) }).data
}

interface Assembly {
  env: Record<string, string | undefined>
  projectRoot: string
  note: Note
}

function assemble(variables: Environment, { env, projectRoot, note }: Assembly): Config {
  const at = (path: string) => resolve(projectRoot, path.replace(/^~(?=\/|$)/, homedir()))
  const home = at(variables.TRIBUTARY_HOME ?? '.tributary')
  return {
    projectRoot,
    home,
    cacheDir: variables.TRIBUTARY_CACHE ? at(variables.TRIBUTARY_CACHE) : userCacheDir(env),
    catalog: toCatalog(variables, at, note),
    data: toData(variables, home, at, note),
    ...present({
      encrypted: variables.LAKE_ENCRYPTED,
      billingSource: optional(variables.BILLING_SOURCE, (text) => toPlace('BILLING_SOURCE', text, variables, at, note)),
    }),
    temporal: toTemporal(variables, at, note),
    ...present({ temporalUiUrl: variables.TEMPORAL_UI_URL }),
    birdeye: toBirdEye(variables),
    helius: toSource('https://api-mainnet.helius-rpc.com', variables.HELIUS_BASE_URL, variables.HELIUS_API_KEY),
    webhook: present({
      url: variables.WEBHOOK_URL,
      auth: secret(variables.WEBHOOK_AUTH),
      previousAuth: secret(variables.WEBHOOK_AUTH_PREVIOUS),
    }),
    alerts: toAlerts(variables, note),
    api: {
      host: variables.API_HOST ?? '127.0.0.1',
      port: variables.API_PORT ?? API_PORT,
      allowedHosts: variables.API_ALLOWED_HOSTS ?? [],
      ...present({ token: secret(variables.API_TOKEN) }),
    },
    metrics: { host: variables.METRICS_HOST ?? '127.0.0.1', port: variables.METRICS_PORT ?? 0 },
    ...present({ logFormat: variables.LOG_FORMAT, traceEndpoint: variables.OTEL_EXPORTER_OTLP_ENDPOINT }),
    failpoint: variables.TRIBUTARY_FAILPOINT ? armFailpoint(variables.TRIBUTARY_FAILPOINT) : noFailpoint,
    tools: present({
      temporalCli: optional(variables.TRIBUTARY_TEMPORAL_CLI, at),
      duckdbExtensions: optional(variables.TRIBUTARY_DUCKDB_EXTENSIONS, at),
      weed: optional(variables.TRIBUTARY_WEED, at),
      temporalTestServer: optional(variables.TRIBUTARY_TEMPORAL_TEST_SERVER, at),
      chromium: optional(variables.TRIBUTARY_CHROMIUM, at),
    }),
  }
}

/** The folder of package.json: two levels up from the compiled file, one from the source. */
function findProjectRoot(): string {
  for (let folder = HERE; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return dirname(HERE)
}

function userCacheDir(env: Record<string, string | undefined>): string {
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'tributary')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'tributary')
  return join(homedir(), '.cache', 'tributary')
}

function readDotenv(path: string): Record<string, string> {
  if (!existsSync(path)) return {}
  try {
    return withoutEmpty(parseEnv(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new InvalidInput(`${path}: cannot be read; make it a readable file of NAME=value lines`, { cause })
  }
}

/** An empty variable is an unset one, as in `NAME= npm start`. */
function withoutEmpty(record: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(record).map(([name, value]) => [name, value?.trim()])
  return Object.fromEntries(entries.filter(([, value]) => value))
}
