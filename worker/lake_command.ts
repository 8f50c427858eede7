import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../infra/config.js'
import { InvalidInput } from '../infra/errors.js'
import type { Lake, LakeOptions } from '../infra/lake/lake.js'
import { homeHolder, lockHome } from '../infra/stack/home_lock.js'
import { postgresAddress } from '../infra/stack/postgres.js'
import { ProcessRegistry } from '../infra/stack/process_registry.js'
import { catalogFolder, homeCatalogPort, startHomeCatalog } from './home_catalog.js'
import { openConfiguredLake } from './lake_access.js'
import { pollIntervalMs, readerDetails, readersGone } from './readers.js'

export interface CommandCatalog {
  readonly catalog: LakeOptions['catalog']
  close(): Promise<void>
}

/**
 * Gives the lake to a command that only reads. Where `up` runs, its catalog is read; where not, the built-in PostgreSQL is
 * started for as long as the command takes. Throws InvalidInput where there is no lake yet, or no snapshot `at`.
 */
export const readLake = <T>(
  config: Config,
  log: (line: string) => void,
  work: (lake: Lake) => Promise<T>,
  at: { at?: string } = {},
): Promise<T> => withLake(config, log, { readOnly: true, ...at }, work)

/** The same for a command that writes: where there is no lake yet, it makes one. */
export const writeLake = <T>(
  config: Config,
  log: (line: string) => void,
  work: (lake: Lake) => Promise<T>,
): Promise<T> => withLake(config, log, { readOnly: false }, work)

const withLake = async <T>(
  config: Config,
  log: (line: string) => void,
  access: { readOnly: boolean; at?: string },
  work: (lake: Lake) => Promise<T>,
): Promise<T> => {
  const { catalog, close } = await commandCatalog(config, access.readOnly)
  try {
    const lake = await openConfiguredLake(config, catalog, { ...access, log })
    try {
      return await work(lake)
    } finally {
      await lake.close()
    }
  } finally {
    await close()
  }
}

const noLake = 'there is no lake yet: npm start makes one'

/** The catalog for one command. Only where it must exist already is one that does not refused. */
export const commandCatalog = async (config: Config, mustExist: boolean): Promise<CommandCatalog> => {
  const close = () => Promise.resolve()
  if (config.catalog.kind === 'postgres') return { catalog: config.catalog, close }
  if (config.catalog.kind === 'file') {
    if (mustExist && !existsSync(config.catalog.path))
      throw new InvalidInput(`${config.catalog.path} (LAKE_CATALOG) is not there; ${noLake}`)
    return { catalog: config.catalog, close }
  }
  const folder = catalogFolder(config)
  if (mustExist && !existsSync(path.join(folder, 'data')))
    throw new InvalidInput(`${config.home} (TRIBUTARY_HOME) holds no catalog; ${noLake}`)
  for (;;) {
    await readersGone(config.home)
    const running = await homeHolder(config.home)
    const address = running?.details['catalog']
    if (address !== undefined) return { catalog: await catalogAt(folder, address), close }
    const own = running === undefined ? await startCatalog(config) : undefined
    if (own !== undefined) return own
    // An `up` that is starting says where its catalog is as soon as it is ready.
    await sleep(pollIntervalMs)
  }
}

/** The catalog of a running `up`, at the `host:port` that it says of itself. */
const catalogAt = async (folder: string, address: string): Promise<LakeOptions['catalog']> => {
  const { port } = new URL(`postgres://${address}`)
  return { kind: 'postgres', address: await postgresAddress(folder, Number(port)) }
}

/** Nothing where another process took the home first. */
const startCatalog = async (config: Config): Promise<CommandCatalog | undefined> => {
  const lock = await lockHome(config.home).catch(() => undefined)
  if (lock === undefined) return undefined
  try {
    await lock.publish(readerDetails)
    // A reading command prints what was asked for, not where its catalog listens.
    const silent = () => undefined
    const server = await startHomeCatalog(
      config,
      new ProcessRegistry(config.home),
      silent,
      await homeCatalogPort(silent),
    )
    const close = async () => {
      await server.stop()
      await lock.release()
    }
    return { catalog: { kind: 'postgres', address: server.address }, close }
  } catch (error) {
    await lock.release()
    throw error
  }
}
