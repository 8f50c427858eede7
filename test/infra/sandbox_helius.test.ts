import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, startSandbox } from '../../infra/sandbox/server.js'

const { market } = createMarket({ seed: 6, tokens: 2, wallets: 20, swaps: 1_000, startsAt: Date.UTC(2026, 7, 13) })
const webhook = z.object({
  webhookID: z.uuid(),
  wallet: z.string(),
  webhookURL: z.url(),
  transactionTypes: z.array(z.string()),
  accountAddresses: z.array(z.string()),
  webhookType: z.string(),
  authHeader: z.string().optional(),
  active: z.boolean(),
})
const rpc = z.strictObject({
  jsonrpc: z.literal('2.0'),
  error: z.strictObject({ code: z.number(), message: z.string() }),
  id: z.literal('1'),
})
const wanted = {
  webhookURL: 'https://example.org/hook',
  transactionTypes: ['ANY'],
  accountAddresses: market.wallets.slice(0, 10),
  webhookType: 'enhanced',
  authHeader: 'a shared secret',
}
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({
    market,
    clock: () => market.nowMs,
    apiKeys: { helius: 'key' },
    limits: { webhooks: 1 },
  })
})
beforeEach(() => {
  sandbox.webhooks.clear()
  sandbox.faults.clear()
})
afterAll(() => sandbox.close())

async function call(method: string, path = '', body?: unknown, key = 'key') {
  const init: RequestInit = { method, headers: { 'content-type': 'application/json' } }
  if (body !== undefined) init.body = JSON.stringify(body)
  const response = await fetch(`${sandbox.url}/v0/webhooks${path}?api-key=${key}`, init)
  return { status: response.status, json: JSON.parse(await response.text()) }
}
const created = async () => webhook.parse((await call('POST', '', wanted)).json)

describe('webhooks', () => {
  test('are created, listed with their secret, read, replaced, toggled and deleted', async () => {
    expect((await call('GET')).json).toEqual([])
    const made = await created()
    expect(made).toMatchObject({ ...wanted, active: true })
    expect((await call('GET')).json).toEqual([
      expect.objectContaining({ webhookID: made.webhookID, authHeader: 'a shared secret' }),
    ])
    const { authHeader, ...bare } = { ...wanted, accountAddresses: market.wallets.slice(5, 8) }
    const put = webhook.parse((await call('PUT', `/${made.webhookID}`, bare)).json)
    expect(put.accountAddresses).toEqual(market.wallets.slice(5, 8))
    // PUT replaces: what is left out is gone.
    expect([authHeader, put.authHeader]).toEqual(['a shared secret', undefined])
    expect((await call('PATCH', `/${made.webhookID}`, { active: false })).json.active).toBe(false)
    expect((await call('GET', `/${made.webhookID}`)).json.active).toBe(false)
    expect((await call('DELETE', `/${made.webhookID}`)).status).toBe(200)
    expect((await call('GET', `/${made.webhookID}`)).status).toBe(404)
  })

  test('PUT keeps an inactive webhook inactive', async () => {
    const { webhookID } = await created()
    await call('PATCH', `/${webhookID}`, { active: false })
    expect((await call('PUT', `/${webhookID}`, wanted)).json.active).toBe(false)
  })

  test.each([
    ['without a URL', { ...wanted, webhookURL: undefined }],
    ['without addresses', { ...wanted, accountAddresses: undefined }],
    ['without transaction types', { ...wanted, transactionTypes: undefined }],
    ['without a type', { ...wanted, webhookType: undefined }],
    ['with an address that is none', { ...wanted, accountAddresses: ['0x00'] }],
    ['with an unknown type', { ...wanted, webhookType: 'fancy' }],
    ['with a body that is none', 'text'],
  ])('a body %s is refused and changes nothing', async (_, body) => {
    const { webhookID } = await created()
    const before = structuredClone(sandbox.webhooks.get(webhookID))
    const { status, json } = await call('PUT', `/${webhookID}`, body)
    expect([status, rpc.parse(json).error.code]).toEqual([400, -32602])
    expect(sandbox.webhooks.get(webhookID)).toEqual(before)
  })

  test('toggling takes a boolean and nothing else', async () => {
    const { webhookID } = await created()
    expect((await call('PATCH', `/${webhookID}`, { active: 'no' })).status).toBe(400)
    expect((await call('PATCH', `/${webhookID}`, wanted)).status).toBe(400)
  })

  test('the plan allows one', async () => {
    await created()
    const { status, json } = await call('POST', '', wanted)
    expect([status, rpc.parse(json).error.code]).toEqual([400, -32602])
    expect(sandbox.webhooks.size).toBe(1)
  })

  test('a wrong key is 401, an unknown id 404, both as JSON-RPC', async () => {
    const unauthorized = await call('GET', '', undefined, 'other')
    expect([unauthorized.status, rpc.parse(unauthorized.json).error.code]).toEqual([401, -32001])
    const unknown = await call('GET', '/00000000-0000-4000-8000-000000000000')
    expect([unknown.status, rpc.parse(unknown.json).error.code]).toEqual([404, -32601])
  })
})

describe('faults', () => {
  test('a change can be applied and yet answered with 500', async () => {
    sandbox.faults.add({ kind: 'applied_then_error', method: 'POST', times: 1 })
    const { status, json } = await call('POST', '', wanted)
    expect([status, rpc.parse(json).error.code]).toEqual([500, -32603])
    expect(sandbox.webhooks.size).toBe(1)
  })

  test('a 500 before the change leaves all as it was', async () => {
    sandbox.faults.add({ kind: 'server_error', method: 'POST', times: 1 })
    expect((await call('POST', '', wanted)).status).toBe(500)
    expect(sandbox.webhooks.size).toBe(0)
  })

  test('a webhook turns inactive by itself', async () => {
    const { webhookID } = await created()
    sandbox.faults.add({ kind: 'webhook_inactive', times: 1 })
    expect((await call('GET', `/${webhookID}`)).json.active).toBe(false)
  })

  test('429 is told in JSON-RPC', async () => {
    sandbox.faults.add({ kind: 'rate_limited', times: 1 })
    const { status, json } = await call('GET')
    expect([status, rpc.parse(json).error.code]).toEqual([429, -32005])
  })
})
