import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GuardedServer, startGuardedServer, token } from './guarded_server.js'

const bearer = { authorization: `Bearer ${token}` }
const json = { 'content-type': 'application/json' }
const change = { method: 'POST', path: '/change', headers: { ...bearer, ...json }, body: '{"a":1}' }

describe('the guard', () => {
  let server: GuardedServer
  let own: string
  beforeAll(async () => {
    server = await startGuardedServer({ allowedHosts: ['tributary.internal'] })
    own = `http://127.0.0.1:${server.port}`
  })
  afterAll(() => server?.close())
  const changeWith = (headers: Record<string, string>) =>
    server.ask({ ...change, headers: { ...change.headers, ...headers } })

  test('lets reading through, and a change with the token', async () => {
    expect(await server.ask({})).toMatchObject({ status: 200, text: '{"read":true}' })
    expect(await server.ask(change)).toMatchObject({ status: 200, text: '{"body":"{\\"a\\":1}"}' })
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      expect(await server.ask({ ...change, method })).toMatchObject({ status: 200 })
    }
  })

  test.each(['evil.example', 'evil.example:8300', '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'refuses the name %j, under which another site could have our address',
    async (host) => {
      expect(await server.ask({ headers: { host } })).toMatchObject({ status: 403, code: 'HostNotAllowed' })
      expect(await changeWith({ host })).toMatchObject({ status: 403, code: 'HostNotAllowed' })
    },
  )

  test.each(['127.0.0.1', '127.0.0.1:8300', 'localhost:1', '[::1]:8300', '10.1.2.3:8300', 'Tributary.Internal:443'])(
    'answers to the name %j',
    async (host) => {
      expect(await server.ask({ headers: { host } })).toMatchObject({ status: 200 })
    },
  )

  test.each(['http://evil.example', 'null', 'http://127.0.0.1', 'http://localhost:9', 'not a url'])(
    'refuses a change that a page of %j makes, token or not',
    async (origin) => {
      expect(await changeWith({ origin })).toMatchObject({ status: 403, code: 'OriginNotAllowed' })
    },
  )

  test.each(['cross-site', 'same-site'])('refuses a change that the browser calls %s', async (site) => {
    expect(await changeWith({ 'sec-fetch-site': site })).toMatchObject({ status: 403, code: 'OriginNotAllowed' })
  })

  test('lets a change of its own pages through', async () => {
    expect(await changeWith({ origin: own, 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 })
  })

  test.each([
    undefined,
    'Bearer ',
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}x`,
    `Bearer ${token.toUpperCase()}`,
    `Basic ${btoa(`:${token}`)}`,
    token,
  ])('refuses a change with Authorization: %s', async (authorization) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of ['/change', '/nowhere']) {
        const headers = { ...json, ...(authorization === undefined ? {} : { authorization }) }
        const answer = await server.ask({ method, path, headers, body: '{}' })
        expect(answer).toMatchObject({ status: 401, code: 'TokenRequired' })
        expect(answer.text).not.toContain(token)
      }
    }
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
  ])('refuses a body of type %s', async (type) => {
    expect(await changeWith({ 'content-type': type })).toMatchObject({ status: 415, code: 'ContentTypeNotAllowed' })
  })

  test('refuses a body without a type, and lets a change without a body through', async () => {
    const asked = { ...change, headers: bearer }
    expect(await server.ask(asked)).toMatchObject({ status: 415 })
    expect(await server.ask({ method: 'DELETE', path: '/change', headers: bearer })).toMatchObject({ status: 200 })
    expect(await changeWith({ 'content-type': 'application/json; charset=utf-8' })).toMatchObject({ status: 200 })
  })

  test('refuses a body over 64 KiB, announced or not', async () => {
    const body = 'x'.repeat(64 * 1024 + 1)
    expect(await server.ask({ ...change, body })).toMatchObject({ status: 413, code: 'BodyTooLarge' })
    const chunked = { ...change.headers, 'transfer-encoding': 'chunked' }
    expect(await server.ask({ ...change, headers: chunked, body })).toMatchObject({ status: 413 })
    expect(await server.ask({ ...change, body: body.slice(1) })).toMatchObject({ status: 200 })
  })

  test.each(['OPTIONS', 'TRACE', 'PROPFIND'])('serves no %s', async (method) => {
    expect(await server.ask({ method, headers: bearer })).toMatchObject({ status: 405, code: 'MethodNotAllowed' })
  })

  test('puts the headers on answers and refusals, and allows no other site to read', async () => {
    for (const asked of [{}, change, { headers: { host: 'evil.example' } }, { path: '/nowhere' }, { method: 'POST' }]) {
      const { headers } = await server.ask({
        ...asked,
        headers: { origin: own, ...('headers' in asked ? asked.headers : {}) },
      })
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
        ),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      })
      expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test('leaves a route with a secret of its own to that, and asks nothing of a health check', async () => {
    const body = 'x'.repeat(100_000)
    const delivery = { method: 'POST', path: '/delivery', headers: { host: 'public.example' }, body }
    expect(await server.ask(delivery)).toMatchObject({ status: 200 })
    expect(await server.ask({ ...delivery, method: 'PUT' })).toMatchObject({ status: 403 })
    expect(await server.ask({ path: '/healthz', headers: { host: 'probe.example' } })).toMatchObject({ status: 200 })
    expect(await server.ask({ path: '/healthz', method: 'POST' })).toMatchObject({ status: 401 })
  })

  test('takes the cookie of a browser that signed in, on its own pages and for reading', async () => {
    const { headers } = await server.ask({ path: '/sign-in' })
    expect(String(headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/)
    expect(String(headers['set-cookie'])).not.toContain(token)
    const [cookie = ''] = String(headers['set-cookie']).split(';')
    const withCookie = (more: Record<string, string>) =>
      server.ask({ ...change, headers: { ...json, cookie, ...more } })
    expect(await withCookie({ origin: own })).toMatchObject({ status: 200 })
    expect(await withCookie({ 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 })
    expect(await withCookie({ origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await withCookie({ origin: own, 'sec-fetch-site': 'same-site' })).toMatchObject({ status: 403 })
    expect(await withCookie({})).toMatchObject({ status: 401 })
    expect(await withCookie({ origin: own, authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
    for (const forged of ['tributary=', `${cookie}x`, cookie.slice(0, -1), `tributary=${token}`]) {
      expect(await withCookie({ origin: own, cookie: forged }), forged).toMatchObject({ status: 401 })
    }
  })
})

describe('the guard of a server that listens beyond loopback', () => {
  let server: GuardedServer
  beforeAll(async () => {
    server = await startGuardedServer({ readsNeedToken: true })
  })
  afterAll(() => server?.close())

  test('asks for the token of readers too, but for health', async () => {
    expect(await server.ask({})).toMatchObject({ status: 401 })
    expect(await server.ask({ headers: bearer })).toMatchObject({ status: 200 })
    expect(await server.ask({ path: '/healthz' })).toMatchObject({ status: 200 })
    expect(await server.ask({ path: '/sign-in' })).toMatchObject({ status: 204 })
  })
})
