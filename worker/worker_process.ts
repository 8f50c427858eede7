import type { Config } from '../infra/config.js'
import { InvalidInput } from '../infra/errors.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { connectClient, type RemoteTemporal } from '../infra/temporal/connection.js'
import { ensureSearchAttributes } from '../infra/temporal/search_attributes.js'
import { bundlePath } from './bundle_path.js'
import { codeVersion } from './code_version.js'
import { createDependencies } from './dependencies.js'
import { domains } from './domains.js'
import { openConfiguredLake, standaloneCatalog } from './lake_access.js'
import { startWorkers } from './workers.js'

/** More would hold more DuckDB memory at once without going faster: the lake's commits take turns anyway. */
const concurrentActivities = 8

/**
 * A worker for every domain, until SIGTERM, SIGINT or the end of the process that started it: then it drains. Brings the lake to
 * the definitions first. Tells a parent `{ ready: true }` when it polls, and `{ failed: ... }` what went wrong where it fails.
 */
export const runWorker = async (config: Config, log: (line: string) => void): Promise<void> => {
  try {
    await work(config, log)
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : String(error) })
    throw error
  } finally {
    if (process.connected) process.disconnect()
  }
}

const work = async (config: Config, log: (line: string) => void): Promise<void> => {
  const { temporal } = config
  if (temporal.kind === 'local') {
    throw new InvalidInput(
      'TEMPORAL_ADDRESS is not set: a worker on its own needs one; `npx tributary up` starts one with the built-in server',
    )
  }
  await prepareNamespace(temporal)
  const lake = await openConfiguredLake(config, standaloneCatalog(config), { readOnly: false, log })
  try {
    const stages = domains.flatMap(({ domain }) => domain.stages)
    const version = await codeVersion()
    const { changes, notices } = await reconcile(lake, stages, `tributary ${version}`)
    for (const { dataset, description } of changes) log(`${dataset}: ${description}`)
    for (const notice of notices) log(notice)
    const dependencies = createDependencies(config, lake, version)
    const workers = await startWorkers({ temporal, dependencies, concurrentActivities, bundlePath })
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => workers.shutdown())
    log('worker ready')
    process.send?.({ ready: true })
    await workers.stopped
    log('worker drained')
  } finally {
    await lake.close()
  }
}

/** Also the first word with Temporal: one that is not there is told of before anything else is begun. */
const prepareNamespace = async (temporal: RemoteTemporal): Promise<void> => {
  const client = await connectClient(temporal)
  try {
    await ensureSearchAttributes(client.connection, temporal.namespace)
  } finally {
    await client.connection.close()
  }
}
