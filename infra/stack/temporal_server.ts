import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Connection } from '@temporalio/client'
import { searchAttributes } from '../temporal/search_attributes.js'
import type { ProcessRegistry } from './process_registry.js'
import { dyingWithUs } from './run_as.js'
import { type ServerProcess, startServer, untilReady } from './server_process.js'

export interface TemporalServerOptions {
  /** The `temporal` program, from provision('temporal-cli'). */
  program: string
  /** The server's database: workflows and schedules survive a restart. */
  databaseFile: string
  port: number
  uiPort: number
  logFile: string
  registry: ProcessRegistry
}

export interface RunningTemporal extends ServerProcess {
  /** host:port of the gRPC service; the namespace is `default`. */
  address: string
  uiUrl: string
}

const READY_TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 10_000
const PROBE_TIMEOUT_MS = 2_000

/**
 * Starts Temporal's dev server with its UI on the loopback address. Resolves when the service answers, the namespace
 * is there and the search attributes are registered. Throws SourceUnavailable with the end of its log.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<RunningTemporal> {
  const address = `127.0.0.1:${options.port}`
  const folder = dirname(options.databaseFile)
  await mkdir(folder, { recursive: true })
  const attributes = Object.entries(searchAttributes).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ])
  const server = await startServer({
    name: 'Temporal',
    command: options.program,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(options.port)],
      ...['--ui-port', String(options.uiPort), '--ui-disable-news-fetch'],
      ...['--db-filename', options.databaseFile, '--log-level', 'warn', '--color', 'never', ...attributes],
    ],
    cwd: folder,
    logFile: options.logFile,
    registry: options.registry,
    stopSignal: 'SIGTERM',
    graceMs: STOP_GRACE_MS,
    prefix: await dyingWithUs('TERM'),
  })
  const connection = Connection.lazy({ address })
  try {
    // Its own banner first: a server that lost the race for the port would find another one serving there.
    await untilReady(server, READY_TIMEOUT_MS, async () => {
      return (await server.output()).includes('Server:') && (await isServing(connection))
    })
  } finally {
    await connection.close()
  }
  return { ...server, address, uiUrl: `http://127.0.0.1:${options.uiPort}` }
}

async function isServing(connection: Connection): Promise<boolean> {
  try {
    return await connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' })
      return Object.keys(searchAttributes).every((name) => name in customAttributes)
    })
  } catch {
    return false
  }
}
