import type { Config } from '../infra/config.js'
import { announcedPort, freePort } from '../infra/stack/port.js'
import { apiUrl } from './api/api_url.js'
import type { Parts } from './local_stack.js'
import { startSupervised } from './supervised_child.js'

const attempts = 5

/** The port of dashboard and API, chosen before those start who are to know it; nothing where there is none, as a file catalog is one process's. */
export const chooseApiPort = async ({ config, log }: Parts): Promise<number | undefined> => {
  if (config.catalog.kind !== 'file') return announcedPort('the dashboard', config.api.port, log)
  log('no dashboard: a file catalog is the worker’s alone while it runs; with PostgreSQL as LAKE_CATALOG there is one')
  return undefined
}

/** Starts dashboard and API beside the worker, at the chosen port if it is still free. Resolves to their address. */
export const startLocalApi = async (
  parts: Parts,
  config: Config,
  chosenPort: number,
  temporalUiUrl: string | undefined,
): Promise<string> => {
  let port = chosenPort
  for (let attempt = 1; ; attempt += 1) {
    const environment = {
      API_HOST: config.api.host,
      API_PORT: String(port),
      ...(temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalUiUrl }),
    }
    try {
      await startSupervised(parts, config, { name: 'api', arguments: ['api'], environment })
      return apiUrl({ host: config.api.host, port })
    } catch (error) {
      // Another stack may have taken the port between the look and the listening.
      if (attempt === attempts || (await freePort(port)) === port) throw error
    }
    port = await announcedPort('the dashboard', config.api.port, parts.log)
    parts.log('the sandbox goes on delivering to the port that was taken, until the next start')
  }
}
