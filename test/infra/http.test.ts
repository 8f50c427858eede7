import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { QuotaExhausted, SourceChanged, SourceUnavailable } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { HttpClient } from '../../infra/http/http_client.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { RateLimiter } from '../../infra/http/rate_limiter.js'
import { redact } from '../../infra/http/redaction.js'
import { shortFaults, withRetries } from '../../infra/http/retries.js'
import { manualClock } from './manual_clock.js'
import { type ScriptedServer, sendJson, startScriptedServer } from './scripted_server.js'

describe('the rate limiter', () => {
  test('never lets more pass in any window than allowed, and no fewer than it could', async () => {
    const clock = manualClock()
    const limiter = new RateLimiter({ requests: 3, perMs: 1_000 }, clock)
    const passes: number[] = []
    for (let index = 0; index < 10; index += 1) {
      await limiter.pass()
      passes.push(clock.now())
    }
    expect(passes).toEqual([0, 0, 0, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 3_000])
  })

  test('holds everybody back for a pause, and does not let all pass at its end', async () => {
    const clock = manualClock()
    const limiter = new RateLimiter({ requests: 1, perMs: 100 }, clock)
    await limiter.pass()
    const passes: number[] = []
    const waiting = [1, 2, 3].map(() => limiter.pass().then(() => passes.push(clock.now())))
    limiter.pause(5_000)
    await Promise.all(waiting)
    expect(passes).toEqual([5_000, 5_100, 5_200])
  })

  test('gives up its wait when it is told to', async () => {
    const limiter = new RateLimiter({ requests: 1, perMs: 1_000 }, manualClock())
    await limiter.pass()
    await expect(limiter.pass(AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled')
  })
})

test('a budget refuses what it cannot pay, before it is spent', () => {
  const budget = new ComputeUnitBudget(40)
  budget.reserve(30, '/a')
  expect(() => budget.reserve(15, '/b')).toThrow(QuotaExhausted)
  expect(budget.spent).toBe(30)
  budget.refund(30)
  budget.reserve(15, '/b')
  expect(budget.spent).toBe(15)
})

describe('lossless JSON', () => {
  test.each([
    ['{"amount":5000000000000000001}', { amount: '5000000000000000001' }],
    ['[ -9007199254740993 , 12345678901234567890123]', ['-9007199254740993', '12345678901234567890123']],
    ['{"a" : 1234567890123456\n}', { a: '1234567890123456' }],
    [
      '{"a":0.1234567890123456,"b":1234567890123456.5,"c":1e21,"d":12}',
      { a: 0.1234567890123456, b: 1234567890123456.5, c: 1e21, d: 12 },
    ],
    [
      '{"name":"x:1234567890123456,","n":1234567890123456789}',
      { name: 'x:1234567890123456,', n: '1234567890123456789' },
    ],
    [String.raw`{"name":"\",1234567890123456,\"","n":1}`, { name: '",1234567890123456,"', n: 1 }],
  ])('%s', (text, value) => {
    expect(parseLossless(text)).toEqual(value)
  })

  test('agrees with JSON.parse on everything but long integers', () => {
    const tricky = fc.string({
      unit: fc.constantFrom('"', '\\', ',', ':', '[', '{', ' ', '-', '1234567890123456', 'e', '.'),
    })
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        tricky,
        fc.constantFrom(null, true),
        fc.array(tie('value')),
        fc.dictionary(tricky, tie('value')),
      ),
    })).value
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const asStrings = (_: string, found: unknown) =>
          typeof found === 'number' && /^-?\d{16,}$/.test(JSON.stringify(found)) ? JSON.stringify(found) : found
        expect(parseLossless(`[${text}]`)).toEqual([JSON.parse(text, asStrings)])
      }),
      { numRuns: 300 },
    )
  })

  test('broken JSON is still broken', () => {
    expect(() => parseLossless('{"a":1234567890123456789')).toThrow(SyntaxError)
  })
})

describe('retries', () => {
  const failing = (times: number, error = new SourceUnavailable('away')) => {
    let calls = 0
    return async () => {
      calls += 1
      if (calls <= times) throw error
      return calls
    }
  }

  test('wait 1, 2, 4, 8, 16 s at most, with full jitter', async () => {
    const clock = manualClock(0.5)
    expect(await withRetries(failing(5), shortFaults, clock)).toBe(6)
    expect(clock.sleeps).toEqual([500, 1_000, 2_000, 4_000, 8_000])
  })

  test('end, with the last error', async () => {
    await expect(withRetries(failing(6), shortFaults, manualClock())).rejects.toThrow('away')
  })

  test('wait as long as the source says', async () => {
    const clock = manualClock()
    await withRetries(failing(1, new SourceUnavailable('busy', 7_000)), shortFaults, clock)
    expect(clock.sleeps).toEqual([7_000])
  })

  test('leave a long wait to the caller', async () => {
    const clock = manualClock()
    const error = new SourceUnavailable('busy', 3_600_000)
    await expect(withRetries(failing(1, error), shortFaults, clock)).rejects.toBe(error)
    expect(clock.sleeps).toEqual([])
  })

  test('are not for what a retry cannot mend', async () => {
    const clock = manualClock()
    await expect(
      withRetries(async () => Promise.reject(new SourceChanged('other')), shortFaults, clock),
    ).rejects.toThrow('other')
    expect(clock.sleeps).toEqual([])
  })
})

describe('the HTTP client', () => {
  const canary = 'c4n4ry/+key"'
  let server: ScriptedServer | undefined
  let client: HttpClient | undefined
  afterEach(async () => {
    client?.close()
    await server?.close()
  })
  const start = async (
    answer: Parameters<typeof startScriptedServer>[0],
    limits = { timeoutMs: 300, maxResponseBytes: 1_000 },
  ) => {
    server = await startScriptedServer(answer)
    client = new HttpClient({
      baseUrl: server.url,
      headers: { 'x-key': 'canary-header' },
      maxSockets: 2,
      secrets: [canary, 'canary-header'],
      ...limits,
    })
    return client
  }
  const failureOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof Error)) throw new Error('did not fail')
    return error
  }

  test('any status is an answer, with its Retry-After', async () => {
    const http = await start((_, response) => sendJson(response, 503, 'later', { 'retry-after': '2' }))
    expect(await http.send({ method: 'GET', path: '/a' })).toMatchObject({
      status: 503,
      retryAfterMs: 2_000,
      text: 'later',
    })
  })

  test.each([
    ['hangs', () => undefined],
    ['stops in the middle', (response: import('node:http').ServerResponse) => response.writeHead(200).write('{"a"')],
    [
      'drips',
      (response: import('node:http').ServerResponse) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      },
    ],
    [
      'is cut',
      (response: import('node:http').ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"a"')
        setTimeout(() => response.destroy(), 20)
      },
    ],
    ['resets', (response: import('node:http').ServerResponse) => response.destroy()],
  ])('a source that %s is unavailable, and no secret is in the error', async (_, answer) => {
    const http = await start((__, response) => answer(response))
    const error = await failureOf(http.send({ method: 'GET', path: '/a', query: { 'api-key': canary } }))
    expect(error).toBeInstanceOf(SourceUnavailable)
    expect(JSON.stringify(everythingIn(error))).not.toMatch(/c4n4ry|canary-header/)
  })

  test('a port where nobody listens is unavailable', async () => {
    const http = await start(() => undefined)
    await server?.close()
    expect(await failureOf(http.send({ method: 'GET', path: '/a' }))).toBeInstanceOf(SourceUnavailable)
  })

  test('an answer beyond the cap is refused', async () => {
    const http = await start((_, response) => sendJson(response, 200, 'x'.repeat(2_000)))
    expect(await failureOf(http.send({ method: 'GET', path: '/a' }))).toBeInstanceOf(SourceChanged)
  })

  test('redirects are not followed: they would take the key along', async () => {
    const http = await start((_, response) => sendJson(response, 302, '', { location: 'http://127.0.0.1:1/' }))
    expect((await http.send({ method: 'GET', path: '/a' })).status).toBe(302)
    expect(server?.asked).toHaveLength(1)
  })

  test('an aborted request ends with the reason it was given', async () => {
    const controller = new AbortController()
    const http = await start(() => controller.abort(new Error('cancelled')))
    await expect(http.send({ method: 'GET', path: '/a', signal: controller.signal })).rejects.toThrow('cancelled')
  })

  test('connections are kept', async () => {
    const ports = new Set<number | undefined>()
    const http = await start((_, response) => {
      ports.add(response.socket?.remotePort)
      sendJson(response, 200, '{}')
    })
    for (let index = 0; index < 5; index += 1) await http.send({ method: 'GET', path: '/a' })
    expect(ports.size).toBe(1)
  })
})

test('a secret is found in every spelling', () => {
  expect(redact('a=b%2Fc%22d and b/c\\"d and b/c"d', ['b/c"d'])).toBe('a=[secret] and [secret] and [secret]')
})

/** Every own property of an error and its causes, as a logger would find them. */
const everythingIn = (error: unknown): unknown =>
  error instanceof Error
    ? [error.name, error.message, error.stack, Object.entries(error), everythingIn(error.cause)]
    : error
