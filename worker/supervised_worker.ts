import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../infra/config.js'
import { libpqString } from '../infra/postgres_address.js'
import { type Child, startChild } from './child_process.js'
import type { Parts } from './local_stack.js'

/** Longer than the worker's own drain, so that only a stuck one is killed. */
const stopGraceMs = 6_000
const readyTimeoutMs = 60_000
/** A worker that cannot live is not restarted in a busy loop. */
const restartDelayMs = 1_000

/** Runs a worker in a process of its own and starts it again whenever it ends unasked. Resolves when the first one polls. */
export const startSupervisedWorker = async ({ logs, log, started }: Parts, config: Config): Promise<void> => {
  let stopping = false
  const start = () =>
    startChild({
      name: 'worker',
      script: new URL('./cli.js', import.meta.url),
      // The home's only worker: nobody else would go on with the runs of an earlier build.
      arguments: ['worker', '--take-over'],
      environment: { ...process.env, ...environmentOf(config) },
      logFile: path.join(logs, 'worker.log'),
      readyTimeoutMs,
    })
  const supervise = (child: Child): Child => {
    child.process.once('exit', async (code, signal) => {
      if (stopping) return
      log(`the worker ended (${signal ?? `exit ${code}`}) and is started again; see ${path.join(logs, 'worker.log')}`)
      while (!stopping) {
        await sleep(restartDelayMs)
        const next = await start().catch((error: Error) => log(error.message))
        if (next === undefined) continue
        current = supervise(next)
        if (stopping) await next.stop(stopGraceMs)
        return
      }
    })
    return child
  }
  let current = supervise(await start())
  started(async () => {
    stopping = true
    await current.stop(stopGraceMs)
  })
}

/** The addresses of what runs, as the worker's own configuration reads them. */
const environmentOf = ({ home, catalog, temporal, birdeye, helius, webhook }: Config): NodeJS.ProcessEnv => ({
  TRIBUTARY_HOME: home,
  ...(catalog.kind === 'postgres' ? { LAKE_CATALOG: `postgres:${libpqString(catalog.address)}` } : {}),
  ...(temporal.kind === 'remote' ? { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace } : {}),
  BIRDEYE_BASE_URL: birdeye.baseUrl,
  BIRDEYE_REQUESTS_PER_SECOND: String(birdeye.requestsPerSecond),
  BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE: String(birdeye.walletGroupRequestsPerMinute),
  HELIUS_BASE_URL: helius.baseUrl,
  ...(webhook.url === undefined ? {} : { WEBHOOK_URL: webhook.url }),
})
