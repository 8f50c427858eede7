import { expect, test } from 'vitest'
import { SourceUnavailable } from '../../infra/errors.js'
import { Secret } from '../../infra/secret.js'
import { heliusDeliveries } from '../../worker/api/routes/helius_deliveries.js'

const current = 'the secret of today'
const previous = 'the secret of yesterday'

const receiver = (append: (record: string) => Promise<void> = async () => undefined) => {
  const records: string[] = []
  const router = heliusDeliveries({
    spool: {
      append: async (record) => {
        await append(record)
        records.push(record)
      },
    },
    secrets: [new Secret(current), new Secret(previous)],
    maxBodyBytes: 100,
    now: () => new Date('2026-11-21T12:00:00Z'),
  })
  const post = async (body: string | ReadableStream, headers: Record<string, string> = {}, more: RequestInit = {}) => {
    const response = await router.request('/webhooks/helius', {
      method: 'POST',
      headers: { authorization: current, 'content-type': 'application/json', ...headers },
      body,
      ...more,
    })
    return { status: response.status, body: await response.json() }
  }
  return { records, post }
}

const chunks = (sizes: readonly number[]) =>
  new ReadableStream({
    start(controller) {
      for (const size of sizes) controller.enqueue(Buffer.alloc(size, '['))
      controller.close()
    },
  })

test('a delivery is kept as it came', async () => {
  const { post, records } = receiver()
  expect(await post('[{"amount": 12345678901234567890}]')).toEqual({ status: 200, body: { received: true } })
  expect(records.map((record) => JSON.parse(record))).toEqual([
    { receivedAt: '2026-11-21T12:00:00.000Z', body: '[{"amount": 12345678901234567890}]' },
  ])
})

test.each([
  [current, 200],
  [previous, 200],
  ['another', 401],
  ['', 401],
  [current.slice(0, -1), 401],
  [`Bearer ${current}`, 401],
])('the secret %j is answered %i', async (authorization, status) => {
  const { post, records } = receiver()
  expect((await post('[]', { authorization })).status).toBe(status)
  expect(records).toHaveLength(status === 200 ? 1 : 0)
})

test('without a configured secret nothing is received', async () => {
  const router = heliusDeliveries({ spool: { append: async () => undefined }, secrets: [] })
  const init = { method: 'POST', headers: { 'content-type': 'application/json', authorization: '' }, body: '[]' }
  expect((await router.request('/webhooks/helius', init)).status).toBe(401)
})

test.each([
  ['another type', () => '[]', { 'content-type': 'text/plain' }, 415],
  ['a type that only begins so', () => '[]', { 'content-type': 'application/jsonp' }, 415],
  ['a declared length over the limit', () => '[]', { 'content-length': '101' }, 413],
  ['an undeclared length over the limit', () => chunks([60, 60]), {}, 413],
  ['a text that is no JSON', () => '[', {}, 400],
  ['an object', () => '{}', {}, 400],
])('%s is refused', async (_, body, headers, status) => {
  const { post, records } = receiver()
  const answer = await post(body(), headers, { duplex: 'half' } as RequestInit)
  expect(answer).toEqual({ status, body: { error: { code: expect.any(String), message: expect.any(String) } } })
  expect(records).toEqual([])
})

test('what is not on the disk is not acknowledged', async () => {
  const { post } = receiver(() => Promise.reject(new SourceUnavailable('no space left on device')))
  expect(await post('[]')).toEqual({
    status: 503,
    body: { error: { code: 'unavailable', message: 'no space left on device' } },
  })
})

test('nothing is acknowledged before it is on the disk', async () => {
  let onDisk = (): void => undefined
  const { post } = receiver(
    () =>
      new Promise<void>((resolve) => {
        onDisk = resolve
      }),
  )
  let isAnswered = false
  const answer = post('[]').then((given) => {
    isAnswered = true
    return given
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isAnswered).toBe(false)
  onDisk()
  expect((await answer).status).toBe(200)
})
