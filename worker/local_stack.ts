import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../infra/config.js'
import { provision, provisionExtensions } from '../infra/provision/provision.js'
import { lockHome } from '../infra/stack/home_lock.js'
import { announcedPort } from '../infra/stack/port.js'
import { ProcessRegistry } from '../infra/stack/process_registry.js'
import type { ServerProcess } from '../infra/stack/server_process.js'
import { startTemporalServer } from '../infra/stack/temporal_server.js'
import { homeCatalogPort, startHomeCatalog } from './home_catalog.js'
import { keepServer } from './kept_server.js'
import { chooseApiPort, startLocalApi } from './local_api.js'
import { startLocalSandbox } from './local_sandbox.js'
import { readersGone } from './readers.js'
import { startSupervised } from './supervised_child.js'

/** Temporal's own defaults. */
const preferredPorts = { temporal: 7_233, ui: 8_233 }

/** A running local stack: what of it is not somebody else's was started here and is stopped here. */
export interface LocalStack {
  /** The configuration with the addresses of what was started. */
  readonly config: Config
  readonly uiUrl: string | undefined
  readonly sandboxUrl: string | undefined
  /** Absent on a file catalog, which is the worker's alone. */
  readonly dashboardUrl: string | undefined
  /** Resolves, with what to say, when a server that was started here cannot be kept running. */
  readonly broken: Promise<string>
  /** Stops everything, newest first. */
  stop(): Promise<void>
}

/**
 * Starts what the configuration does not name: catalog, Temporal, sandbox, then a worker and the dashboard. One per home; throws InvalidInput when
 * another has it. What was started is stopped again when a later part fails.
 */
export const startLocalStack = async (config: Config, log: (line: string) => void): Promise<LocalStack> => {
  await readersGone(config.home)
  const lock = await lockHome(config.home)
  const stops: (() => Promise<void>)[] = [() => lock.release()]
  let breakDown = (_: string): void => undefined
  const broken = new Promise<string>((resolve) => {
    breakDown = resolve
  })
  const ending = new AbortController()
  const stop = async () => {
    ending.abort()
    for (const each of stops.splice(0).reverse())
      await each().catch((error: unknown) => log(`while stopping: ${error}`))
  }
  try {
    const registry = new ProcessRegistry(config.home)
    await registry.stopStrays(log)
    const logs = path.join(config.home, 'logs')
    await mkdir(logs, { recursive: true })
    const started = (each: () => Promise<void>) => {
      stops.push(each)
    }
    const keep: Parts['keep'] = (start) => keepServer({ log, started, breakDown, stopping: ending.signal }, start)
    const parts: Parts = { config, registry, logs, log, started, keep }
    const apiPort = await chooseApiPort(parts)
    const [catalog, temporal, sandbox] = await Promise.allSettled([
      startCatalog(parts),
      startTemporal(parts),
      startLocalSandbox(parts, apiPort),
      provisionExtensions({ cacheDir: config.cacheDir, overrides: config.tools, log }),
    ]).then(valuesOrFirstReason)
    const running: Config = { ...config, ...catalog?.resolved, ...temporal?.resolved, ...sandbox?.resolved }
    // The home's only worker: nobody else would go on with the runs of an earlier build.
    await startSupervised(parts, running, { name: 'worker', arguments: ['worker', '--take-over'] })
    const dashboardUrl =
      apiPort === undefined ? undefined : await startLocalApi(parts, running, apiPort, temporal?.uiUrl)
    await lock.publish({
      ...(catalog === undefined ? {} : { catalog: `127.0.0.1:${catalog.port}` }),
      ...(temporal === undefined ? {} : { temporal: temporal.resolved.temporal.address, ui: temporal.uiUrl }),
      ...(dashboardUrl === undefined ? {} : { dashboard: dashboardUrl }),
      ...(sandbox === undefined ? {} : { sandbox: sandbox.url }),
    })
    return { config: running, uiUrl: temporal?.uiUrl, sandboxUrl: sandbox?.url, dashboardUrl, broken, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What the start of each part gets. */
export interface Parts {
  readonly config: Config
  readonly registry: ProcessRegistry
  readonly logs: string
  readonly log: (line: string) => void
  /** Remembers how to stop a part that runs. */
  readonly started: (stop: () => Promise<void>) => void
  /** Starts a server, which is started again whenever it ends unasked, and stopped with the rest. */
  readonly keep: <T extends ServerProcess>(start: () => Promise<T>) => Promise<T>
}

/** Lets every part finish starting, so that none is left behind, and throws the first failure. */
const valuesOrFirstReason = <T extends readonly unknown[]>(
  results: { [K in keyof T]: PromiseSettledResult<T[K]> },
): T => {
  const failed = results.find((result): result is PromiseRejectedResult => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)) as unknown as T
}

const startCatalog = async ({ config, registry, log, keep }: Parts) => {
  if (config.catalog.kind !== 'embedded') return undefined
  const port = await homeCatalogPort(log)
  const server = await keep(() => startHomeCatalog(config, registry, log, port))
  return { port: server.address.port, resolved: { catalog: { kind: 'postgres', address: server.address } } } as const
}

const startTemporal = async ({ config, registry, logs, log, keep }: Parts) => {
  const { temporal } = config
  if (temporal.kind !== 'local') return undefined
  const { path: program } = await provision('temporal-cli', { cacheDir: config.cacheDir, overrides: config.tools, log })
  const port = await announcedPort('Temporal', preferredPorts.temporal, log)
  const uiPort = await announcedPort('Temporal UI', preferredPorts.ui, log)
  const databaseFile = path.join(config.home, 'temporal', 'temporal.db')
  const logFile = path.join(logs, 'temporal.log')
  const { address, uiUrl } = await keep(() =>
    startTemporalServer({ program, databaseFile, port, uiPort, logFile, registry }),
  )
  return { uiUrl, resolved: { temporal: { kind: 'remote', address, namespace: temporal.namespace } } } as const
}
