import path from 'node:path'
import type { Config } from '../infra/config.js'
import { announcedPort } from '../infra/stack/port.js'
import { type RunningPostgres, startPostgres } from '../infra/stack/postgres.js'
import type { ProcessRegistry } from '../infra/stack/process_registry.js'

/** Beside PostgreSQL's usual port, which may be somebody's own. */
const preferredPort = 5_433

/** Where the built-in PostgreSQL of a home lives. */
export const catalogFolder = ({ home }: Config): string => path.join(home, 'postgres')

/** Starts the built-in PostgreSQL of a home. Only for the holder of the home's lock. */
export const startHomeCatalog = async (
  config: Config,
  registry: ProcessRegistry,
  log: (line: string) => void,
): Promise<RunningPostgres> =>
  startPostgres({
    folder: catalogFolder(config),
    port: await announcedPort('PostgreSQL', preferredPort, log),
    logFile: path.join(config.home, 'logs', 'postgres.log'),
    registry,
    log,
  })
