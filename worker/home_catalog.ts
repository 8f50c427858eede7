import path from 'node:path'
import type { Config } from '../infra/config.js'
import { announcedPort } from '../infra/stack/port.js'
import { type RunningPostgres, startPostgres } from '../infra/stack/postgres.js'
import type { ProcessRegistry } from '../infra/stack/process_registry.js'

/** Beside PostgreSQL's usual port, which may be somebody's own. */
const preferredPort = 5_433

/** Where the built-in PostgreSQL of a home lives. */
export const catalogFolder = ({ home }: Config): string => path.join(home, 'postgres')

/** A free port for it; told where it is not the usual one. */
export const homeCatalogPort = (log: (line: string) => void): Promise<number> =>
  announcedPort('PostgreSQL', preferredPort, log)

/** Starts the built-in PostgreSQL of a home. Only for the holder of the home's lock. */
export const startHomeCatalog = (
  config: Config,
  registry: ProcessRegistry,
  log: (line: string) => void,
  port: number,
): Promise<RunningPostgres> =>
  startPostgres({
    folder: catalogFolder(config),
    port,
    logFile: path.join(config.home, 'logs', 'postgres.log'),
    registry,
    log,
  })
