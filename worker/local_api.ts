import type { Config } from '../infra/config.js'
import { announcedPort, freePort } from '../infra/stack/port.js'
import { apiUrl } from './api/api_url.js'
import type { Parts } from './local_stack.js'
import { startSupervised } from './supervised_child.js'

const attempts = 5

/** Starts dashboard and API beside the worker. Resolves to their address, or to nothing where the catalog is a file, which one process holds. */
export const startLocalApi = async (
  parts: Parts,
  config: Config,
  temporalUiUrl: string | undefined,
): Promise<string | undefined> => {
  if (config.catalog.kind === 'file') {
    parts.log(
      'no dashboard: a file catalog is the worker’s alone while it runs; with PostgreSQL as LAKE_CATALOG there is one',
    )
    return undefined
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = await announcedPort('the dashboard', config.api.port, parts.log)
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
  }
}
