import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { toWebhookRow } from '../../activities/traders/gold_webhook_row.js'
import { Helius } from '../../activities/traders/helius.js'
import { syncWebhook } from '../../activities/traders/helius_webhook.js'
import { Secret } from '../../infra/secret.js'
import { webhookSubscription } from '../../schemas/traders/gold/webhook_subscription.js'
import { manualClock } from '../infra/manual_clock.js'
import { type Fate, type StoredWebhook, startWebhookServer, type WebhookServer } from './webhook_server.js'

const key = 'canary-helius-key'
const auth = 'canary-shared-secret'
const url = 'https://me:canary-password@hooks.example.com/helius?token=canary-token'
const shownUrl = 'https://hooks.example.com/helius'
const addresses = ['B', 'A', 'C']

const stored = (change: Partial<StoredWebhook> = {}): StoredWebhook => ({
  webhookID: 'w1',
  webhookURL: url,
  webhookType: 'enhanced',
  transactionTypes: ['ANY'],
  accountAddresses: ['A', 'B', 'C'],
  authHeader: auth,
  active: true,
  ...change,
})

let server: WebhookServer | undefined
let helius: Helius | undefined
afterEach(async () => {
  helius?.close()
  await server?.close()
})

const sync = async (
  webhooks: StoredWebhook[],
  fate?: (asked: { method: string }, number: number) => Fate,
  request: Partial<Parameters<typeof syncWebhook>[1]> = {},
) => {
  server = await startWebhookServer(webhooks, key, fate)
  helius = new Helius({ baseUrl: server.url, apiKey: new Secret(key), timeoutMs: 200 })
  const whole = { url, auth: new Secret(auth), addresses, ...request }
  return syncWebhook(helius, whole, { clock: manualClock() })
}
const once = (method: string, fate: Fate) => {
  let isPast = false
  return (asked: { method: string }): Fate => {
    if (isPast || asked.method !== method) return 'ok'
    isPast = true
    return fate
  }
}
const foreign = stored({ webhookID: 'other', webhookURL: 'https://else.example.com', accountAddresses: ['Z'] })

describe('one webhook, as wanted', () => {
  test.each<[string, StoredWebhook[], string, string[]]>([
    ['is left alone', [stored()], 'unchanged', []],
    ['is made where it is missing', [foreign], 'created', ['POST']],
    ['is replaced when a wallet was demoted', [stored({ accountAddresses: ['A', 'B', 'X'] })], 'replaced', ['PUT']],
    ['is replaced when the secret changed', [stored({ authHeader: 'old' })], 'replaced', ['PUT']],
    ['is replaced when it is not enhanced', [stored({ webhookType: 'raw' })], 'replaced', ['PUT']],
    ['is replaced when it filters', [stored({ transactionTypes: ['SWAP'] })], 'replaced', ['PUT']],
    ['is enabled again', [stored({ active: false })], 'reenabled', ['PATCH']],
    ['is replaced and enabled', [stored({ active: false, accountAddresses: [] })], 'replaced', ['PUT', 'PATCH']],
    [
      'is left alone of three',
      [stored(), stored({ webhookID: 'w2' }), stored({ webhookID: 'w0', webhookType: 'raw' })],
      'unchanged',
      ['DELETE', 'DELETE'],
    ],
  ])('%s', async (_, webhooks, action, changes) => {
    const result = await sync(webhooks)
    expect(result).toMatchObject({
      status: 'confirmed',
      action,
      webhookUrl: shownUrl,
      sent: addresses,
      confirmed: ['A', 'B', 'C'],
      isActive: true,
    })
    expect(server?.changes()).toEqual(changes)
    const ours = webhooks.filter(({ webhookURL }) => webhookURL === url)
    expect(ours).toEqual([{ ...stored(), webhookID: result.webhookId, accountAddresses: expect.anything() }])
    expect([...(ours[0]?.accountAddresses ?? [])].sort()).toEqual(['A', 'B', 'C'])
    expect(JSON.stringify(result)).not.toContain('canary')
    const row = toWebhookRow(new Date(0), 10, result)
    expect(webhookSubscription.row.parse(row)).toEqual(row)
  })

  test('others are not touched, and what the user set beside is kept', async () => {
    const theirs = { ...foreign }
    const webhooks = [theirs, stored({ accountAddresses: ['X'], txnStatus: 'success', encoding: 'jsonParsed' })]
    await sync(webhooks)
    expect(webhooks[0]).toEqual(foreign)
    expect(webhooks[1]).toMatchObject({ txnStatus: 'success', encoding: 'jsonParsed', accountAddresses: addresses })
  })

  test('converges from anything, whatever is lost on the way', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('ok', 'ok', 'lost', { status: 500 }, { status: 429 }), {
      maxLength: 6,
    })
    const any = fc.array(
      fc.record({
        webhookURL: fc.constantFrom(url, foreign.webhookURL),
        webhookType: fc.constantFrom('enhanced', 'raw'),
        accountAddresses: fc.subarray(['A', 'B', 'C', 'D']),
        active: fc.boolean(),
      }),
      { maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(any, fates, async (given, sequence) => {
        const webhooks = given.map((change, index) => stored({ ...change, webhookID: `w${index}` }))
        const theirs = structuredClone(webhooks.filter(({ webhookURL }) => webhookURL !== url))
        const result = await sync(webhooks, (_, number) => sequence[number] ?? 'ok')
        await server?.close()
        helius?.close()
        expect(result.status).toBe('confirmed')
        const ours = webhooks.filter(({ webhookURL }) => webhookURL === url)
        expect(ours).toHaveLength(1)
        expect(ours[0]).toMatchObject({ webhookType: 'enhanced', active: true })
        expect([...(ours[0]?.accountAddresses ?? [])].sort()).toEqual(['A', 'B', 'C'])
        expect(webhooks.filter(({ webhookURL }) => webhookURL !== url)).toEqual(theirs)
      }),
      { numRuns: 60 },
    )
  }, 30_000)
})

describe('a change whose outcome is unknown', () => {
  test.each<[string, Fate]>([
    ['cut', 'lost'],
    ['late', 'late'],
  ])('is looked up before it is tried again (%s)', async (_, fate) => {
    const webhooks: StoredWebhook[] = []
    const result = await sync(webhooks, once('POST', fate))
    expect(result.status).toBe('confirmed')
    expect(webhooks).toHaveLength(1)
    expect(server?.changes()).toEqual(['POST'])
  })

  test('is tried again when it did not take place', async () => {
    const result = await sync([stored({ accountAddresses: ['X'] })], once('PUT', { status: 503 }))
    expect(result.action).toBe('replaced')
    expect(server?.changes()).toEqual(['PUT', 'PUT'])
  })
})

test('a webhook that is made, but listed late, is not made twice', async () => {
  const webhooks: StoredWebhook[] = []
  let lists = 0
  const find = webhooks[Symbol.iterator].bind(webhooks)
  Object.assign(webhooks, {
    toJSON: () => {
      lists += 1
      return lists < 4 ? [] : [...find()]
    },
  })
  expect(await sync(webhooks)).toMatchObject({ status: 'confirmed', action: 'created' })
  expect(server?.changes()).toEqual(['POST'])
})

describe('a webhook that cannot be had never throws', () => {
  test('without a URL', async () => {
    const result = await sync([], undefined, { url: undefined } as never)
    expect(result).toMatchObject({ status: 'unconfigured', action: 'unconfigured', webhookUrl: null })
    expect(server?.asked).toEqual([])
  })

  test.each<[string, Fate, RegExp]>([
    ['refused', { status: 400, message: `Invalid params: ${url} with ${auth} and ${key}` }, /400.*Invalid params/],
    ['not allowed', { status: 403, message: 'plan' }, /HELIUS_API_KEY.*403/],
    ['away', { status: 503 }, /503/],
  ])('%s', async (_, fate, message) => {
    const webhooks = [stored({ accountAddresses: ['X'] })]
    const result = await sync(webhooks, () => fate)
    expect(result).toMatchObject({ status: 'failed', action: 'failed', webhookUrl: shownUrl, sent: addresses })
    expect(result.message).toMatch(message)
    expect(JSON.stringify(result)).not.toContain('canary')
    const row = toWebhookRow(new Date(0), 10, result)
    expect(webhookSubscription.row.parse(row)).toEqual(row)
  })

  test('a webhook that never becomes as told ends as failed, not for ever', async () => {
    server = await startWebhookServer([], key)
    const list = server.webhooks
    list.push = () => 0
    helius = new Helius({ baseUrl: server.url, apiKey: new Secret(key), timeoutMs: 200 })
    const result = await syncWebhook(helius, { url, addresses }, { clock: manualClock() })
    expect(result.status).toBe('failed')
    expect(server.changes()).toEqual(['POST'])
    expect(server.asked.length).toBeLessThan(40)
  })
})

describe('when nobody is ranked', () => {
  test('no webhook is made', async () => {
    const result = await sync([], undefined, { addresses: [] })
    expect(result).toMatchObject({ status: 'unconfigured', action: 'unchanged', webhookId: null })
    expect(server?.changes()).toEqual([])
  })

  test('demoted wallets leave', async () => {
    const webhooks = [stored()]
    expect(await sync(webhooks, undefined, { addresses: [] })).toMatchObject({ status: 'confirmed', confirmed: [] })
    expect(webhooks[0]?.accountAddresses).toEqual([])
  })

  test('the webhook is kept where Helius refuses to watch nobody', async () => {
    const webhooks = [stored()]
    const result = await sync(webhooks, ({ method }) => (method === 'PUT' ? { status: 400 } : 'ok'), { addresses: [] })
    expect(result).toMatchObject({ status: 'failed', action: 'kept', webhookId: 'w1' })
    expect(webhooks).toEqual([stored()])
    expect(server?.changes()).toEqual(['PUT'])
  })
})
