import type { Config } from '../infra/config.js'
import { announcedPort } from '../infra/stack/port.js'
import { apiUrl } from './api/api_url.js'
import type { Parts } from './local_stack.js'
import { startSupervised } from './supervised_child.js'

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
  const port = await announcedPort('the dashboard', config.api.port, parts.log)
  await startSupervised(parts, config, {
    name: 'api',
    arguments: ['api'],
    environment: {
      API_HOST: config.api.host,
      API_PORT: String(port),
      ...(temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporalUiUrl }),
    },
  })
  return apiUrl({ host: config.api.host, port })
}
