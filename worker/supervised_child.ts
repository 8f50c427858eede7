import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../infra/config.js'
import { libpqString } from '../infra/postgres_address.js'
import { type Child, startChild } from './child_process.js'
import type { Parts } from './local_stack.js'

/** Longer than the worker's own drain, so that only a stuck child is killed. */
const stopGraceMs = 6_000
const readyTimeoutMs = 60_000
/** A child that cannot live is not restarted in a busy loop. */
const restartDelayMs = 1_000

interface ChildRole {
  /** What a person is told of it, and the name of its log. */
  readonly name: string
  /** The command of ours that it runs. */
  readonly arguments: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Runs one of our commands in a process of its own, against what the configuration names, and starts it again whenever it ends
 * unasked. Resolves when the first one is ready.
 */
export const startSupervised = async (
  { logs, log, started }: Parts,
  config: Config,
  { name, arguments: args, environment = {} }: ChildRole,
): Promise<void> => {
  const logFile = path.join(logs, `${name}.log`)
  // What a fault test has armed is for the first one: the next would fail at the same place for ever.
  const { TRIBUTARY_FAILPOINT: _, ...unarmed } = process.env
  let stopping = false
  const start = (inherited: NodeJS.ProcessEnv) =>
    startChild({
      name,
      script: new URL('./cli.js', import.meta.url),
      arguments: args,
      environment: { ...inherited, ...environmentOf(config), ...environment },
      logFile,
      readyTimeoutMs,
    })
  const supervise = (child: Child): Child => {
    child.process.once('exit', async (code, signal) => {
      if (stopping) return
      log(`the ${name} ended (${signal ?? `exit ${code}`}) and is started again; see ${logFile}`)
      while (!stopping) {
        await sleep(restartDelayMs)
        const next = await start(unarmed).catch((error: Error) => log(error.message))
        if (next === undefined) continue
        current = supervise(next)
        if (stopping) await next.stop(stopGraceMs)
        return
      }
    })
    return child
  }
  let current = supervise(await start(process.env))
  started(async () => {
    stopping = true
    await current.stop(stopGraceMs)
  })
}

/** The addresses of what runs, as the child's own configuration reads them. */
const environmentOf = ({ home, catalog, temporal, birdeye, helius, webhook }: Config): NodeJS.ProcessEnv => ({
  TRIBUTARY_HOME: home,
  ...(catalog.kind === 'postgres' ? { LAKE_CATALOG: `postgres:${libpqString(catalog.address)}` } : {}),
  ...(temporal.kind === 'remote' ? { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace } : {}),
  BIRDEYE_BASE_URL: birdeye.baseUrl,
  BIRDEYE_REQUESTS_PER_SECOND: String(birdeye.requestsPerSecond),
  BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE: String(birdeye.walletGroupRequestsPerMinute),
  HELIUS_BASE_URL: helius.baseUrl,
  ...(webhook.url === undefined ? {} : { WEBHOOK_URL: webhook.url }),
  ...(webhook.auth === undefined ? {} : { WEBHOOK_AUTH: webhook.auth.reveal() }),
})
