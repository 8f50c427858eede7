import type { ServerResponse } from 'node:http'
import { type Asked, type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'

export interface StoredWebhook {
  webhookID: string
  webhookURL: string
  webhookType: string
  transactionTypes: string[]
  accountAddresses: string[]
  authHeader?: string
  active: boolean
  [other: string]: unknown
}

/** What becomes of one request: done and answered, done with the answer lost, or refused undone. */
export type Fate = 'ok' | 'lost' | 'late' | { status: number; message?: string }

export interface WebhookServer extends ScriptedServer {
  readonly webhooks: StoredWebhook[]
  /** The changes asked for, as `METHOD`. */
  readonly changes: () => string[]
}

const refuse = (response: ServerResponse, status: number, message: string) =>
  sendJson(response, status, { jsonrpc: '2.0', error: { code: -32_000, message }, id: '1' })

/** Helius' `/v0/webhooks`; `fate` decides over each request, numbered from 0. */
export const startWebhookServer = async (
  webhooks: StoredWebhook[],
  key: string,
  fate: (asked: Asked, number: number) => Fate = () => 'ok',
): Promise<WebhookServer> => {
  let created = 0
  const perform = ({ method, path, body }: Asked): { status: number; body: unknown } => {
    const id = path.split('/')[3]
    const found = webhooks.find(({ webhookID }) => webhookID === id)
    const given = body === '' ? {} : (JSON.parse(body) as Partial<StoredWebhook>)
    if (method === 'POST') {
      created += 1
      const webhook = { active: true, ...given, webhookID: `made-${created}` } as StoredWebhook
      webhooks.push(webhook)
      return { status: 201, body: webhook }
    }
    if (id === undefined) return { status: 200, body: webhooks }
    if (found === undefined) return { status: 404, body: {} }
    if (method === 'PUT') {
      const { webhookID, active } = found
      for (const name of Object.keys(found)) delete found[name]
      Object.assign(found, given, { webhookID, active })
    }
    if (method === 'PATCH') found.active = given.active ?? found.active
    if (method === 'DELETE') webhooks.splice(webhooks.indexOf(found), 1)
    return { status: 200, body: found }
  }
  const server = await startScriptedServer((asked, response, number) => {
    if (asked.query.get('api-key') !== key)
      return refuse(response, 401, `invalid api key ${asked.query.get('api-key')}`)
    const decided = fate(asked, number)
    if (typeof decided === 'object') return refuse(response, decided.status, decided.message ?? 'refused')
    const { status, body } = perform(asked)
    if (decided === 'ok') return sendJson(response, status, body)
    if (decided === 'lost') response.destroy()
  })
  return Object.assign(server, {
    webhooks,
    changes: () => server.asked.map(({ method }) => method).filter((method) => method !== 'GET'),
  })
}
