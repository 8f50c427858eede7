import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Config } from '../infra/config.js'
import type { SandboxProcessOptions } from '../infra/sandbox/main.js'
import { announcedPort } from '../infra/stack/port.js'
import { apiUrl } from './api/api_url.js'
import { heliusPath } from './api/routes/helius_deliveries.js'
import { startChild } from './child_process.js'
import { homeSecret } from './home_secret.js'
import type { Parts } from './local_stack.js'

/** Large enough to tell skill from luck, small enough that a first run takes seconds. */
const marketSize = { seed: 1, tokens: 50, wallets: 300, swaps: 40_000 }
const historyDays = 100
const futureDays = 31
const dayMs = 86_400_000
const preferredPort = 8_400
const readyTimeoutMs = 60_000
const stopGraceMs = 2_000
/** Without a receiver the sandbox's webhooks are stored and never delivered, so this address need not exist. */
const noReceiverUrl = 'https://tributary.invalid/helius'

const anchor = z.object({ startsAt: z.number() })
const ready = z.object({ url: z.url() })

/** Where a source has neither key nor address: starts the sandbox and resolves to the configuration that points there. */
export const startLocalSandbox = async ({ config, logs, log, started }: Parts, apiPort: number | undefined) => {
  const { birdeye, helius, webhook } = config
  if (!birdeye.sandbox && !helius.sandbox) return undefined
  const port = await announcedPort('the sandbox', preferredPort, log)
  const startsAt = await readAnchor(config, log)
  const options: SandboxProcessOptions = {
    market: { ...marketSize, startsAt, historyDays, futureDays },
    port,
    remoteControl: true,
    deliver: true,
  }
  const child = await startChild({
    name: 'sandbox',
    script: new URL('../infra/sandbox/main.js', import.meta.url),
    arguments: [JSON.stringify(options)],
    environment: {},
    logFile: path.join(logs, 'sandbox.log'),
    readyTimeoutMs,
  })
  started(() => child.stop(stopGraceMs))
  const { url } = ready.parse(child.ready)
  return {
    url,
    resolved: {
      // A rate limit would only make the sandbox slow.
      birdeye: birdeye.sandbox
        ? { ...birdeye, baseUrl: url, requestsPerSecond: 100_000, walletGroupRequestsPerMinute: 1_000_000 }
        : birdeye,
      helius: helius.sandbox ? { ...helius, baseUrl: url } : helius,
      webhook: helius.sandbox && webhook.url === undefined ? await ownReceiver(config, apiPort) : webhook,
    },
  } as const
}

/** The sandbox delivers to our own receiver, with a secret of the home. */
const ownReceiver = async ({ home, api, webhook }: Config, apiPort: number | undefined): Promise<Config['webhook']> =>
  apiPort === undefined
    ? { ...webhook, url: noReceiverUrl }
    : {
        ...webhook,
        url: `${apiUrl({ host: api.host, port: apiPort })}${heliusPath}`,
        auth: webhook.auth ?? (await homeSecret(home, 'webhook_auth')),
      }

/** When the market of this home began: kept, so that later runs find the same market with more trades in it. */
const readAnchor = async ({ home }: Config, log: (line: string) => void): Promise<number> => {
  const file = path.join(home, 'sandbox.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const stored = text === undefined ? undefined : anchor.parse(JSON.parse(text)).startsAt
  const now = Date.now()
  if (stored !== undefined && now < stored + (historyDays + futureDays) * dayMs) return stored
  if (stored !== undefined) log('the generated market of this home has come to its end: a new one begins')
  // Whole seconds, as block times are.
  const startsAt = Math.floor((now - historyDays * dayMs) / 1_000) * 1_000
  await mkdir(home, { recursive: true })
  await writeFile(file, JSON.stringify({ startsAt }))
  return startsAt
}
