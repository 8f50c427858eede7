import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Config } from '../../infra/config.js'
import { InvalidInput } from '../../infra/errors.js'
import { createMetrics } from '../../infra/metrics.js'
import { announcedPort } from '../../infra/stack/port.js'
import { lazyClient } from '../../infra/temporal/connection.js'
import { codeVersion } from '../code_version.js'
import { openConfiguredLake, standaloneCatalog } from '../lake_access.js'
import { createApi } from './api.js'
import { apiToken } from './api_token.js'
import { apiUrl } from './api_url.js'
import { openConfiguredQueries } from './configured_queries.js'
import { openConfiguredReceiver } from './configured_receiver.js'

/** The worker beside it computes; what pages read fits in less. */
const memoryShare = 0.15
/** A request that is being answered may end; a live feed never does by itself. */
const stopGraceMs = 2_000

/**
 * Dashboard and HTTP API, until SIGTERM, SIGINT or the end of the process that started it. Tells a parent `{ ready: { url } }`
 * when it listens, and `{ failed: ... }` what went wrong where it cannot.
 */
export const runApi = async (config: Config, log: (line: string) => void): Promise<void> => {
  try {
    await serve(config, log)
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : String(error) })
    throw error
  } finally {
    if (process.connected) process.disconnect()
  }
}

const serve = async (config: Config, log: (line: string) => void): Promise<void> => {
  if (config.catalog.kind === 'file')
    throw new InvalidInput(
      'LAKE_CATALOG names a file, which one process holds: the dashboard needs a PostgreSQL catalog',
    )
  const { host } = config.api
  // Where `up` has chosen the port and printed it, it stays.
  const port = process.connected ? config.api.port : await announcedPort('the dashboard', config.api.port, log)
  const token = await apiToken(config)
  const lake = await openConfiguredLake(config, standaloneCatalog(config), { readOnly: true, memoryShare, log })
  const temporal = config.temporal.kind === 'remote' ? await lazyClient(config.temporal) : undefined
  const build = await codeVersion()
  const queries = await openConfiguredQueries(config, log)
  const receiver = await openConfiguredReceiver(config, temporal, build, log)
  try {
    const metrics = createMetrics()
    const api = createApi({ config, lake, temporal, token, receiver, queries, metrics, codeVersion: build, log })
    const server = createAdaptorServer({ fetch: api.fetch })
    server.listen(port, host)
    await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
      throw new InvalidInput(`API_HOST=${host} API_PORT=${port}: cannot listen there (${cause.code}); choose another`, {
        cause,
      })
    })
    const { port: listening } = server.address() as AddressInfo
    const url = apiUrl({ host, port: listening })
    log(`dashboard ready at ${url}`)
    const stopping = new Promise<void>((resolve) => {
      for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => resolve())
    })
    process.send?.({ ready: { url } })
    await stopping
    const closed = once(server, 'close')
    server.close()
    const force = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), stopGraceMs)
    await closed
    clearTimeout(force)
  } finally {
    await receiver?.close()
    await queries.close()
    await temporal?.connection.close()
    await lake.close()
  }
}
