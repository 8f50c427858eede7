import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBirdeye } from './birdeye.js'
import type { Spelling } from './birdeye_wallets.js'
import { createControl } from './control.js'
import { deliver, replaced } from './delivery.js'
import { createFaults, type FaultRule, type Faults } from './faults.js'
import { createHelius, type Webhook } from './helius.js'
import { createMeter, type Limits } from './limits.js'
import type { Market } from './market.js'
import { Refused, type Reply, refusal, rpcError } from './reply.js'
import { createRecorder, type Statistics } from './statistics.js'
import { tellTransactions } from './transaction.js'
import { createSender } from './webhook_sender.js'

const LARGEST_BODY_BYTES = 16 * 1024 * 1024

export type SandboxOptions = {
  market: Market
  /** 0 takes a free one. */
  port?: number
  host?: string
  /** The market's time in ms: nothing later is visible. Default: the wall clock, from the market's now on. */
  clock?: () => number
  /** Keys that are asked for; an absent one is not. */
  apiKeys?: { birdeye?: string; helius?: string }
  limits?: Limits
  faults?: FaultRule[]
  spelling?: Spelling
  /**
   * Serves `POST /sandbox/faults` (a list of rules to add; an empty list clears), `POST /sandbox/prices` (factors by token address,
   * in place of all before), `POST /sandbox/replay` (`{"from", "to", "speed"}`: that time again, as deliveries), `GET /sandbox/deliveries` and
   * `GET /sandbox/statistics`.
   */
  remoteControl?: boolean
  /** Delivers what watched wallets do to the webhooks, as it happens. */
  deliver?: boolean
}

export type Sandbox = {
  /** One base URL for BirdEye's and Helius's paths. */
  url: string
  port: number
  faults: Faults
  webhooks: Map<string, Webhook>
  statistics(): Statistics
  resetStatistics(): void
  close(): Promise<void>
}

/** Serves the documented BirdEye and Helius contracts over a market. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const limits = options.limits ?? {}
  const faults = createFaults(options.faults ?? [])
  const recorder = createRecorder()
  const meter = createMeter(limits, () => performance.now())
  const birdeye = createBirdeye(options.market, limits, meter, options.spelling ?? { camelCase: false })
  const helius = createHelius(limits)
  const clock = options.clock ?? Date.now
  const sender = options.deliver ? createSender(options.market, () => helius.webhooks.values(), clock) : undefined

  const control = createControl({ market: options.market, faults, recorder, sender })
  const answer = (
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    body: string,
    met: FaultRule[],
  ): Reply => {
    const method = request.method ?? 'GET'
    if (path === '/v0/transactions') return tellTransactions(options.market, body, clock())
    if (path === '/v0/webhooks' || path.startsWith('/v0/webhooks/')) {
      const key = options.apiKeys?.helius
      const given = [query.get('api-key'), request.headers.authorization?.replace(/^Bearer /, '')]
      if (key !== undefined && !given.includes(key)) return rpcError(401, -32001, 'Unauthorized')
      if (met.some((fault) => fault.kind === 'rate_limited')) return asRpc(replaced(met, query))
      return helius.answer(method, path, body, met)
    }
    const key = options.apiKeys?.birdeye
    if (key !== undefined && request.headers['x-api-key'] !== key) return refusal(401, 'Unauthorized')
    if ((request.headers['x-chain'] ?? 'solana') !== 'solana') return refusal(400, 'x-chain invalid format')
    if (method !== 'GET') return refusal(404, `Cannot ${method} ${path}`)
    const stopped = meter.admit(path)
    if (stopped === 'rate') return refusal(429, 'Too many requests')
    if (stopped === 'quota') return refusal(400, 'Compute units usage limit exceeded')
    return birdeye(path, query, clock(), met)
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2)
    const method = request.method ?? 'GET'
    recorder.request(method, path, performance.now())
    const query = new URLSearchParams(search)
    const body = method === 'GET' ? '' : await readBody(request)
    if (options.remoteControl && path.startsWith('/sandbox/')) {
      await deliver(response, control(method, path, body), [])
      return
    }
    const met = faults.meet(method, path, search)
    const webhooks = path.startsWith('/v0/webhooks')
    const instead = replaced(met, query)
    const reply = instead
      ? webhooks
        ? asRpc(instead)
        : instead
      : refusing(() => answer(request, path, query, body, met))
    recorder.response(reply.status, await deliver(response, reply, met))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((cause: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(JSON.stringify({ success: false, message: String(cause) }))
    })
  })
  // Clients reuse connections between steps of a run; the default of 5 s would cut them off while they compute.
  server.keepAliveTimeout = 60_000
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://${host}:${port}`,
    port,
    faults,
    webhooks: helius.webhooks,
    statistics: recorder.read,
    resetStatistics: recorder.reset,
    close: () =>
      new Promise((resolve, reject) => {
        sender?.close()
        server.close((cause) => (cause ? reject(cause) : resolve()))
        server.closeAllConnections()
      }),
  }
}

function refusing(answer: () => Reply): Reply {
  try {
    return answer()
  } catch (cause) {
    if (cause instanceof Refused) return cause.reply
    throw cause
  }
}

/** A fault's answer in Helius's words. */
function asRpc(reply: Reply | undefined): Reply {
  const codes: { [status: number]: number } = {
    400: -32602,
    401: -32001,
    403: -32003,
    429: -32005,
    503: -32002,
    504: -32003,
  }
  const status = reply?.status ?? 500
  return {
    ...rpcError(status, codes[status] ?? -32603, 'Internal error'),
    ...(reply?.headers ? { headers: reply.headers } : {}),
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    length += piece.length
    if (length > LARGEST_BODY_BYTES) break
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}
