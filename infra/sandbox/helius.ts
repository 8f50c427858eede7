import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { FaultRule } from './faults.js'
import type { Limits } from './limits.js'
import { type Reply, rpcError } from './reply.js'

/** A registered webhook, as listed. */
export type Webhook = {
  webhookID: string
  wallet: string
  project: string
  webhookURL: string
  transactionTypes: string[]
  accountAddresses: string[]
  webhookType: string
  authHeader?: string | undefined
  encoding?: string | undefined
  txnStatus?: string | undefined
  active: boolean
}

const MOST_ADDRESSES = 100_000
const address = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/)
const fullObject = z.object({
  webhookURL: z.url({ protocol: /^https?$/ }),
  transactionTypes: z.array(z.string().regex(/^[A-Z0-9_]+$/)).min(1),
  accountAddresses: z.array(address).min(1).max(MOST_ADDRESSES),
  webhookType: z.enum(['enhanced', 'raw', 'discord', 'enhancedDevnet', 'rawDevnet', 'discordDevnet']),
  authHeader: z.string().optional(),
  encoding: z.string().optional(),
  txnStatus: z.enum(['all', 'success', 'failed']).optional(),
})
const toggle = z.strictObject({ active: z.boolean() })

/** The webhooks of one Helius account, in memory. */
export type Helius = {
  webhooks: Map<string, Webhook>
  answer(method: string, path: string, body: string, faults: readonly FaultRule[]): Reply
}

export function createHelius(limits: Limits): Helius {
  const webhooks = new Map<string, Webhook>()
  const reply = (value: unknown): Reply => ({ status: 200, body: JSON.stringify(value) })
  const invalid = (reason: string) => rpcError(400, -32602, `Invalid params: ${reason}`)

  const save = (id: string, body: string): Reply => {
    const parsed = fullObject.safeParse(parseJson(body))
    if (!parsed.success) return invalid(reasonOf(parsed.error))
    const before = webhooks.get(id)
    const webhook: Webhook = {
      webhookID: id,
      wallet: 'sandbox',
      project: 'sandbox',
      ...parsed.data,
      active: before?.active ?? true,
    }
    webhooks.set(id, webhook)
    return reply(webhook)
  }
  const one = (method: string, webhook: Webhook, body: string): Reply => {
    switch (method) {
      case 'GET':
        return reply(webhook)
      case 'PUT':
        return save(webhook.webhookID, body)
      case 'PATCH': {
        const parsed = toggle.safeParse(parseJson(body))
        if (!parsed.success) return invalid(reasonOf(parsed.error))
        webhook.active = parsed.data.active
        return reply(webhook)
      }
      case 'DELETE':
        webhooks.delete(webhook.webhookID)
        return reply({ message: 'Webhook deleted' })
      default:
        return rpcError(404, -32601, 'Method not found')
    }
  }
  const answer = (method: string, path: string, body: string): Reply => {
    const id = path.split('/')[3] ?? ''
    if (id === '') {
      if (method === 'GET') return reply([...webhooks.values()])
      if (method !== 'POST') return rpcError(404, -32601, 'Method not found')
      if (webhooks.size >= (limits.webhooks ?? 1)) return invalid('reached webhook limit of your plan')
      return save(randomUUID(), body)
    }
    const webhook = webhooks.get(id)
    return webhook ? one(method, webhook, body) : rpcError(404, -32601, `Webhook ${id} not found`)
  }
  return {
    webhooks,
    answer(method, path, body, faults) {
      if (faults.some((fault) => fault.kind === 'webhook_inactive')) {
        for (const webhook of webhooks.values()) webhook.active = false
      }
      const given = answer(method, path, body)
      const lost = faults.find((fault) => fault.kind === 'applied_then_error')
      return lost && given.status === 200 ? rpcError(lost.status ?? 500, -32603, 'Internal error') : given
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'body'
}
