import type { Client } from '@temporalio/client'
import type { Config } from '../infra/config.js'
import { InvalidInput } from '../infra/errors.js'
import { watchedBy } from '../infra/lake/commit_watch.js'
import { reconcile } from '../infra/lake/reconcile.js'
import type { Log } from '../infra/log.js'
import { createMetrics } from '../infra/metrics.js'
import { connectClient, type RemoteTemporal } from '../infra/temporal/connection.js'
import { installRuntime } from '../infra/temporal/runtime.js'
import { ensureSearchAttributes } from '../infra/temporal/search_attributes.js'
import { createTracing } from '../infra/tracing.js'
import { bundlePath } from './bundle_path.js'
import { codeVersion } from './code_version.js'
import { createDependencies } from './dependencies.js'
import { domains } from './domains.js'
import { openConfiguredLake, standaloneCatalog } from './lake_access.js'
import { joinBuilds, takeOver } from './take_over.js'
import { runtimeMetricsAddress, serveWorkerMetrics } from './worker_metrics.js'
import { startWorkers } from './workers.js'

/** More would hold more DuckDB memory at once without going faster: the lake's commits take turns anyway. */
const concurrentActivities = 8

/**
 * A worker for every domain, until SIGTERM, SIGINT or the end of the process that started it: then it drains. Brings the lake to
 * the definitions first. Tells a parent `{ ready: true }` when it polls, and `{ failed: ... }` what went wrong where it fails.
 */
export const runWorker = async (config: Config, log: Log, options: { readonly takeOver: boolean }): Promise<void> => {
  try {
    await work(config, log, options.takeOver ? takeOver : joinBuilds)
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : String(error) })
    throw error
  } finally {
    if (process.connected) process.disconnect()
  }
}

const work = async (config: Config, log: Log, settle: typeof takeOver): Promise<void> => {
  const { temporal } = config
  if (temporal.kind === 'local') {
    throw new InvalidInput(
      'TEMPORAL_ADDRESS is not set: a worker on its own needs one; `npx tributary up` starts one with the built-in server',
    )
  }
  const runtimeAddress = await runtimeMetricsAddress()
  installRuntime(log, runtimeAddress)
  // Also the first word with Temporal: one that is not there is told of before anything else is begun.
  await withClient(temporal, ({ connection }) => ensureSearchAttributes(connection, temporal.namespace))
  const buildId = await codeVersion()
  const metrics = createMetrics()
  const tracing = config.traceEndpoint === undefined ? undefined : createTracing(config.traceEndpoint, buildId)
  const commitWatch = watchedBy(metrics.commits, ...(tracing === undefined ? [] : [tracing.commits]))
  const lake = await openConfiguredLake(config, standaloneCatalog(config), { readOnly: false, commitWatch, log })
  const served = await serveWorkerMetrics(metrics, runtimeAddress, config.metrics)
  try {
    const stages = domains.flatMap(({ domain }) => domain.stages)
    const { changes, notices } = await reconcile(lake, stages, `tributary ${buildId}`)
    for (const { dataset, description } of changes) log(`${dataset}: ${description}`)
    for (const notice of notices) log(notice)
    const dependencies = createDependencies(config, lake, buildId, metrics.sources)
    const watch = { log, tracing }
    const workers = await startWorkers({ temporal, dependencies, concurrentActivities, bundlePath, buildId, watch })
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => workers.shutdown())
    try {
      const taskQueues = domains.map(({ domain }) => domain.name)
      await withClient(temporal, (client) => settle(client, { buildId, taskQueues, bundlePath }, log))
    } catch (error) {
      workers.shutdown()
      await workers.stopped
      throw error
    }
    served.setReady(true)
    log(`worker ready, build ${buildId}, metrics at ${served.url}`)
    process.send?.({ ready: true })
    await workers.stopped
    log('worker drained')
  } finally {
    await served.close()
    await tracing?.close()
    await lake.close()
  }
}

const withClient = async (temporal: RemoteTemporal, work: (client: Client) => Promise<void>): Promise<void> => {
  const client = await connectClient(temporal)
  try {
    await work(client)
  } finally {
    await client.connection.close()
  }
}
