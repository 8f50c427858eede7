import { z } from 'zod'
import { FAULT_KINDS, type Faults } from './faults.js'
import type { Market } from './market.js'
import { type Reply, refusal } from './reply.js'
import type { Recorder } from './statistics.js'
import type { Sender } from './webhook_sender.js'

export type Controlled = { market: Market; faults: Faults; recorder: Recorder; sender: Sender | undefined }

/** Answers what a test or a demonstration asks of the sandbox itself, below `/sandbox/`. */
export function createControl({
  market,
  faults,
  recorder,
  sender,
}: Controlled): (method: string, path: string, body: string) => Reply {
  return (method, path, body) => {
    if (method === 'GET' && path === '/sandbox/statistics') {
      return { status: 200, body: JSON.stringify(recorder.read()) }
    }
    if (method === 'GET' && path === '/sandbox/deliveries') {
      return { status: 200, body: JSON.stringify(sender?.statistics() ?? {}) }
    }
    if (method === 'POST' && path === '/sandbox/replay') {
      const given = replay.safeParse(JSON.parse(body || 'null'))
      if (!given.success || sender === undefined)
        return refusal(400, 'expected {"from": time, "to": time, "speed": factor}, of a sandbox that delivers')
      return { status: 200, body: JSON.stringify({ transactions: sender.replay(given.data) }) }
    }
    if (method === 'POST' && path === '/sandbox/prices') {
      const given = priceFactors.safeParse(JSON.parse(body || 'null'))
      if (!given.success) return refusal(400, 'expected factors by token address, such as {"<address>": 2}')
      market.priceFactors = new Map(Object.entries(given.data))
      return { status: 200, body: '{"success":true}' }
    }
    const rules = z.array(faultRule).safeParse(JSON.parse(body || 'null'))
    if (method !== 'POST' || path !== '/sandbox/faults' || !rules.success) return refusal(400, 'expected fault rules')
    if (rules.data.length === 0) faults.clear()
    faults.add(...rules.data)
    return { status: 200, body: '{"success":true}' }
  }
}

const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const replay = z
  .strictObject({ from: moment, to: moment, speed: z.number().positive() })
  .transform(({ from, to, speed }) => ({ fromMs: from, toMs: to, speed }))

const priceFactors = z.record(z.string(), z.number().positive())

const faultRule = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  path: z.string().exactOptional(),
  method: z.string().exactOptional(),
  query: z.string().exactOptional(),
  probability: z.number().exactOptional(),
  seed: z.number().exactOptional(),
  after: z.number().exactOptional(),
  times: z.number().exactOptional(),
  status: z.number().exactOptional(),
  retryAfterS: z.number().exactOptional(),
  delayMs: z.number().exactOptional(),
  largestLimit: z.number().exactOptional(),
  rows: z.number().exactOptional(),
  share: z.number().exactOptional(),
})
