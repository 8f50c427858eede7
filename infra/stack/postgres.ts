import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { InvalidInput, SourceUnavailable } from '../errors.js'
import type { PostgresAddress } from '../postgres_address.js'
import { Secret } from '../secret.js'
import { type PostgresBinaries, postgresBinaries } from './postgres_binaries.js'
import { stopStalePostmaster } from './postmaster.js'
import type { ProcessRegistry } from './process_registry.js'
import { type RunAs, unprivileged } from './run_as.js'
import { type ServerProcess, startServer, untilReady } from './server_process.js'

export interface PostgresOptions {
  /** Holds `data`, the cluster, and `password`, its superuser's. */
  folder: string
  port: number
  logFile: string
  registry: ProcessRegistry
  log: (line: string) => void
}

export interface RunningPostgres extends ServerProcess {
  address: PostgresAddress
}

const USER = 'tributary'
const DATABASE = 'tributary'
// Recovery after a crash replays at most some WAL segments; a busy machine may take that long.
const READY_TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 10_000
const run = promisify(execFile)

/**
 * Starts PostgreSQL 18 on the loopback address over `folder`, made at the first start. A server that a killed run left
 * on the same data is stopped first. Resolves when it accepts connections and has the database.
 * Errors: InvalidInput (no build, other major version), SourceUnavailable (with the end of its log).
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = await postgresBinaries()
  const data = join(options.folder, 'data')
  await mkdir(options.folder, { recursive: true })
  const runAs = await unprivileged(data, [binaries.postgres, options.folder])
  await stopStalePostmaster(data, options.log)
  await ensureCluster(options, data, binaries, runAs)
  const address = await postgresAddress(options.folder, options.port)
  const server = await startServer({
    name: 'PostgreSQL',
    command: binaries.postgres,
    args: ['-D', data, '-p', String(options.port), ...settings()],
    cwd: data,
    logFile: options.logFile,
    registry: options.registry,
    stopSignal: 'SIGINT',
    graceMs: STOP_GRACE_MS,
    prefix: runAs.prefix,
    ...(runAs.user ? { user: runAs.user } : {}),
  })
  await untilReady(server, READY_TIMEOUT_MS, async () => (await postmasterStatus(data)) === 'ready')
  try {
    await ensureDatabase(address)
  } catch (cause) {
    await server.stop()
    throw new SourceUnavailable(`PostgreSQL on port ${options.port} refuses its own password`, undefined, { cause })
  }
  return { ...server, address }
}

/** How to log in to the PostgreSQL of a folder, which runs on this port. Throws InvalidInput where its password is gone. */
export async function postgresAddress(folder: string, port: number): Promise<PostgresAddress> {
  const password = await readPassword(join(folder, 'password'))
  return { host: '127.0.0.1', port, database: DATABASE, user: USER, password, parameters: {} }
}

/** No Unix socket: its path limit and permissions depend on where the checkout is. DuckLake's retries read English. */
function settings(): string[] {
  const values = { listen_addresses: '127.0.0.1', unix_socket_directories: '', lc_messages: 'C', timezone: 'UTC' }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function ensureCluster(
  options: PostgresOptions,
  data: string,
  binaries: PostgresBinaries,
  runAs: RunAs,
): Promise<void> {
  const passwordFile = join(options.folder, 'password')
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '')).trim()
  const major = binaries.version.split('.')[0]
  if (version !== '' && version !== major) {
    throw new InvalidInput(
      `${data} was made by PostgreSQL ${version}, and this is ${major}: use another TRIBUTARY_HOME, or dump it with the old version and load it here`,
    )
  }
  if (version !== '') return
  options.log('PostgreSQL: creating the catalog database')
  // Made beside and renamed, so that an interrupted first start is not taken for a cluster.
  const draft = `${data}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (runAs.owner) {
    await Promise.all([draft, passwordFile].map((path) => chown(path, runAs.owner?.uid ?? 0, runAs.owner?.gid ?? 0)))
  }
  const [command = binaries.initdb, ...args] = [
    ...runAs.prefix,
    binaries.initdb,
    ...['--pgdata', draft, '--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-instructions'],
  ]
  await run(command, args, { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, ...runAs.user }).catch((cause) => {
    throw new SourceUnavailable(`initdb failed in ${draft}: ${cause.stderr ?? cause.message}`, undefined, { cause })
  })
  await rename(draft, data)
}

async function readPassword(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InvalidInput(`${path} is missing, the password of the catalog in ${dirname(path)}: put it back`, {
      cause,
    })
  })
  return new Secret(text.trim())
}

/** The last line of postmaster.pid: `starting`, `ready`, `standby` or `stopping`. */
async function postmasterStatus(data: string): Promise<string | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim()
}

async function ensureDatabase(address: PostgresAddress): Promise<void> {
  const client = new Client({
    ...{ host: address.host, port: address.port, user: address.user, database: 'postgres' },
    password: address.password?.reveal(),
  })
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`)
  } finally {
    await client.end()
  }
}
