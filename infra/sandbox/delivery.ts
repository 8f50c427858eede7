import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultRule } from './faults.js'
import { type Reply, refusal } from './reply.js'

const SLOW_MS = 1_000

/** The answer a fault gives in place of the real one; undefined when the request is to be answered. */
export function replaced(faults: readonly FaultRule[], query: URLSearchParams): Reply | undefined {
  for (const fault of faults) {
    switch (fault.kind) {
      case 'rate_limited': {
        const headers = fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) }
        return { ...refusal(429, 'Too many requests'), headers }
      }
      case 'server_error':
        return refusal(fault.status ?? 500, 'Internal server error')
      case 'refused_ok':
        return refusal(200, 'Request failed')
      case 'quota':
        return refusal(400, 'Compute units usage limit exceeded')
      case 'page_size': {
        const largest = fault.largestLimit ?? 50
        const limit = Number(query.get('limit') ?? 100)
        if (limit > largest) return refusal(400, `limit should be integer, range 1-${largest}`)
        break
      }
      default:
    }
  }
  return undefined
}

/** Sends an answer, or what the faults make of it: late, never, cut off, or not JSON. Returns the bytes sent. */
export async function deliver(response: ServerResponse, reply: Reply, faults: readonly FaultRule[]): Promise<number> {
  const kinds = new Map(faults.map((fault) => [fault.kind, fault]))
  if (kinds.has('hang')) return 0
  const slow = kinds.get('slow')
  if (slow) await sleep(slow.delayMs ?? SLOW_MS, undefined, { ref: false })
  if (response.destroyed) return 0
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
  const headers = { 'content-type': 'application/json; charset=utf-8', ...reply.headers }
  if (kinds.has('truncated')) {
    const part = body.subarray(0, Math.floor(body.length / 2))
    response.writeHead(reply.status, { ...headers, 'content-length': body.length })
    response.write(part, () => response.destroy())
    return part.length
  }
  const sent = kinds.has('malformed') ? body.subarray(0, Math.max(1, body.length - 7)) : body
  response.writeHead(reply.status, { ...headers, 'content-length': sent.length })
  response.end(sent)
  return sent.length
}
