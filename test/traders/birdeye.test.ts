import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { BirdEye, type BirdEyeOptions } from '../../activities/traders/birdeye.js'
import { InvalidInput, QuotaExhausted, SourceChanged, SourceUnavailable } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { Secret } from '../../infra/secret.js'
import { manualClock } from '../infra/manual_clock.js'
import { type Asked, type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'

const key = 'canary-0123456789'
const endpoint = '/trader/txs/seek_by_time'
const good = { success: true, data: { items: [{ amount: 1 }], hasNext: false } }

let server: ScriptedServer | undefined
let birdEye: BirdEye | undefined
afterEach(async () => {
  birdEye?.close()
  await server?.close()
})

type Answer = (response: ServerResponse, asked: Asked) => void
const says =
  (status: number, body: unknown, headers?: Record<string, string>): Answer =>
  (response) =>
    sendJson(response, status, body, headers)

/** Gives these answers in turn, then the last one for ever. */
const start = async (answers: readonly Answer[], options: Partial<BirdEyeOptions> = {}) => {
  server = await startScriptedServer((asked, response, number) =>
    (answers[number] ?? answers.at(-1) ?? says(200, good))(response, asked),
  )
  const clock = manualClock()
  birdEye = new BirdEye({
    baseUrl: server.url,
    apiKey: new Secret(key),
    requestsPerSecond: 1_000,
    walletGroupRequestsPerMinute: 30,
    computeUnitPrices: {},
    timeoutMs: 250,
    clock,
    ...options,
  })
  const budget = new ComputeUnitBudget(10_000)
  const work = birdEye.within(budget)
  return { clock, budget, ask: (limit = 100) => work.page(endpoint, { address: 'w' }, limit) }
}

const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('did not fail')
  return error
}
const everythingIn = (error: unknown): unknown =>
  error instanceof Error
    ? [error.name, error.message, error.stack, Object.entries(error), everythingIn(error.cause)]
    : error

test('sends the key, the chain and the question', async () => {
  const { ask } = await start([says(200, good)])
  expect(await ask()).toEqual({ items: [{ amount: 1 }], hasNext: false })
  const [asked] = server?.asked ?? []
  expect(asked?.headers).toMatchObject({ 'x-api-key': key, 'x-chain': 'solana', accept: 'application/json' })
  expect(asked?.headers['user-agent']).toBeTruthy()
  expect(Object.fromEntries(asked?.query ?? [])).toEqual({ address: 'w', limit: '100' })
})

describe('short faults are waited out', () => {
  test.each<[string, Answer]>([
    ['429', says(429, { success: false, message: 'Too many requests' })],
    ['500', says(500, { success: false, message: 'Internal server error' })],
    ['502 in HTML', says(502, '<html>Bad gateway</html>')],
    ['503', says(503, '')],
    ['a hang', () => undefined],
    ['a reset', (response) => response.destroy()],
    [
      'a cut answer',
      (response) => {
        response.writeHead(200, { 'content-length': '500' }).write('{"success":true,')
        setTimeout(() => response.destroy(), 10)
      },
    ],
    ['a whole answer that is not whole JSON', says(200, '{"success":true,"data":{"items":[')],
    ['200 with success:false', says(200, { success: false, message: 'Something went wrong, try again' })],
  ])('%s, then a page', async (_, fault) => {
    const { ask, clock } = await start([fault, fault, says(200, good)])
    expect((await ask()).items).toHaveLength(1)
    expect(clock.sleeps).toEqual([1_000, 2_000])
  })

  test('429 with Retry-After, as long as it says, and nobody else asks meanwhile', async () => {
    const busy = says(429, { success: false, message: 'Too many requests' }, { 'retry-after': '7' })
    const { ask, clock } = await start([busy, says(200, good)])
    await Promise.all([ask(), clock.sleep(0).then(() => ask())])
    expect(Math.max(...clock.sleeps)).toBe(7_000)
    expect(clock.now()).toBeGreaterThanOrEqual(7_000)
  })

  test('what lasts is unavailable, after six tries', async () => {
    const { ask } = await start([says(503, { success: false, message: 'down' })])
    expect(await failureOf(ask())).toBeInstanceOf(SourceUnavailable)
    expect(server?.asked).toHaveLength(6)
  })

  test('a long Retry-After is told to the workflow instead', async () => {
    const { ask } = await start([says(429, '', { 'retry-after': '120' })])
    expect(await failureOf(ask())).toMatchObject({ name: 'SourceUnavailable', retryAfterMs: 120_000 })
    expect(server?.asked).toHaveLength(1)
  })
})

describe('what a retry cannot mend is not retried', () => {
  test.each<[string, Answer, new (message: string) => Error, RegExp]>([
    [
      'the quota, which arrives as 400',
      says(400, { success: false, message: 'Compute units usage limit exceeded' }),
      QuotaExhausted,
      /usage limit/,
    ],
    [
      'the quota as 429',
      says(429, { success: false, message: 'Compute units usage limit exceeded' }),
      QuotaExhausted,
      /usage limit/,
    ],
    ['401', says(401, { success: false, message: 'Unauthorized' }), InvalidInput, /BIRDEYE_API_KEY.*401/],
    [
      '403',
      says(403, { success: false, message: 'Your plan does not include this' }),
      InvalidInput,
      /BIRDEYE_API_KEY.*plan/,
    ],
    [
      'another 400',
      says(400, { success: false, message: 'type invalid format' }),
      SourceChanged,
      /type invalid format/,
    ],
    [
      '422',
      says(422, { success: false, message: 'only one of before_time and after_time' }),
      SourceChanged,
      /only one/,
    ],
    ['404', says(404, '<html>'), SourceChanged, /404/],
    ['a redirect', says(302, '', { location: 'http://127.0.0.1:9/' }), SourceChanged, /302/],
    ['data without a list', says(200, { success: true, data: { rows: [] } }), SourceChanged, /rows/],
    ['no envelope', says(200, []), SourceChanged, /200/],
  ])('%s', async (_, answer, kind, message) => {
    const { ask } = await start([answer])
    const error = await failureOf(ask())
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(message)
    expect(server?.asked).toHaveLength(1)
  })
})

test('a page size that is refused is learnt, and not tried again', async () => {
  const { ask } = await start([
    (response, { query }) =>
      Number(query.get('limit')) > 50
        ? sendJson(response, 400, { success: false, message: 'limit should be integer, range 1-50' })
        : sendJson(response, 200, good),
  ])
  await ask()
  await ask()
  await ask(20)
  expect(server?.asked.map(({ query }) => query.get('limit'))).toEqual(['100', '50', '50', '20'])
})

test('a page size that is refused although it is allowed ends', async () => {
  const { ask } = await start([says(400, { success: false, message: 'limit should be integer, range 1-50' })])
  expect(await failureOf(ask())).toBeInstanceOf(SourceChanged)
  expect(server?.asked).toHaveLength(2)
})

test('the budget ends before the request that it cannot pay', async () => {
  const { ask } = await start([says(200, good)], { computeUnitPrices: { [endpoint]: 4_000 } })
  await ask()
  await ask()
  expect(await failureOf(ask())).toBeInstanceOf(QuotaExhausted)
  expect(server?.asked).toHaveLength(2)
})

test('what is turned away costs nothing', async () => {
  const { ask, budget } = await start([says(429, ''), says(200, good)])
  await ask()
  expect(budget.spent).toBe(15)
})

test('the wallet group has a limit of its own', async () => {
  const { clock } = await start([says(200, good)], { walletGroupRequestsPerMinute: 2 })
  const work = birdEye?.within(new ComputeUnitBudget(1e6))
  for (let index = 0; index < 5; index += 1) await work?.page('/v1/wallet/tx_list', {}, 10)
  expect(clock.now()).toBe(120_000)
  await work?.page(endpoint, {}, 10)
  expect(clock.now()).toBe(120_000)
})

test('amounts beyond 2^53 keep every digit', async () => {
  const { ask } = await start([
    says(200, '{"success":true,"data":{"items":[{"amount":5000000000000000001}],"has_next":true}}'),
  ])
  expect(await ask()).toEqual({ items: [{ amount: '5000000000000000001' }], hasNext: true })
})

test.each<[string, Answer]>([
  ['echoes the key in a refusal', says(401, { success: false, message: `bad key ${key}` })],
  ['echoes it in an error', says(400, { success: false, message: `X-API-KEY: ${key}` })],
  ['echoes it in HTML', says(500, `<html>${key}</html>`)],
  ['echoes it in broken JSON', says(200, `{"success":"${key}`)],
  ['hangs', () => undefined],
  ['resets', (response) => response.destroy()],
])('the key is in no part of the error when the source %s', async (_, answer) => {
  const { ask } = await start([answer])
  expect(JSON.stringify(everythingIn(await failureOf(ask())))).not.toContain(key)
})

test('work that is cancelled stops asking', async () => {
  await start([() => undefined], { timeoutMs: 5_000 })
  const controller = new AbortController()
  const asking = birdEye?.within(new ComputeUnitBudget(100), controller.signal).page(endpoint, {}, 10)
  setTimeout(() => controller.abort(new Error('cancelled')), 30)
  await expect(asking).rejects.toThrow('cancelled')
  expect(server?.asked).toHaveLength(1)
})
