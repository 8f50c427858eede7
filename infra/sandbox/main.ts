import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { createMarket } from './market.js'
import { type Sandbox, startSandbox } from './server.js'

const processOptions = z.strictObject({
  market: z.strictObject({
    seed: z.int(),
    tokens: z.int().positive(),
    wallets: z.int().positive(),
    swaps: z.int().nonnegative(),
    startsAt: z.int(),
    historyDays: z.int().positive().exactOptional(),
    futureDays: z.int().positive().exactOptional(),
  }),
  port: z.int().nonnegative().exactOptional(),
  host: z.string().exactOptional(),
  /** A clock that stands still, in ms since the epoch; the wall clock if absent. */
  clockMs: z.number().exactOptional(),
  limits: z
    .strictObject({
      accountPerSecond: z.number().exactOptional(),
      walletGroupPerMinute: z.number().exactOptional(),
      computeUnits: z.number().exactOptional(),
      tokenListLimit: z.number().exactOptional(),
      webhooks: z.number().exactOptional(),
    })
    .exactOptional(),
  remoteControl: z.boolean().exactOptional(),
  deliver: z.boolean().exactOptional(),
})

/** What a sandbox process takes as its one argument, in JSON. */
export type SandboxProcessOptions = z.input<typeof processOptions>

/** Starts a sandbox from the JSON argument and prints one line, `{"url":...,"port":...,"nowMs":...}`, when it answers. */
export async function runSandboxProcess(argument: string): Promise<Sandbox> {
  const { market: marketOptions, clockMs, ...server } = processOptions.parse(JSON.parse(argument))
  const { market } = createMarket(marketOptions)
  const clock = clockMs === undefined ? Date.now : () => clockMs
  const sandbox = await startSandbox({ ...server, market, clock })
  process.stdout.write(`${JSON.stringify({ url: sandbox.url, port: sandbox.port, nowMs: market.nowMs })}\n`)
  return sandbox
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stop = () => process.exit(0)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // The parent holds the other end: when it is gone, however it went, so is this.
  if (process.send === undefined) {
    process.stdin.on('end', stop)
    process.stdin.on('close', stop)
    process.stdin.resume()
  } else {
    process.on('disconnect', stop)
  }
  const { url } = await runSandboxProcess(process.argv[2] ?? '')
  process.send?.({ ready: { url } })
}
