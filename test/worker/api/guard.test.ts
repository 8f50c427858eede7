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
      expect(await server.ask({ headers: { host } })).toMatchObject({ status: 403, code: 'host_not_allowed' })
      expect(await changeWith({ host })).toMatchObject({ status: 403, code: 'host_not_allowed' })
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
      expect(await changeWith({ origin })).toMatchObject({ status: 403, code: 'origin_not_allowed' })
    },
  )

  test.each(['cross-site', 'same-site'])('refuses a change that the browser calls %s', async (site) => {
    expect(await changeWith({ 'sec-fetch-site': site })).toMatchObject({ status: 403, code: 'origin_not_allowed' })
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
        expect(answer).toMatchObject({ status: 401, code: 'token_required' })
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
    expect(await changeWith({ 'content-type': type })).toMatchObject({ status: 415, code: 'content_type_not_allowed' })
  })

  test('refuses a body without a type, and lets a change without a body through', async () => {
    const asked = { ...change, headers: bearer }
    expect(await server.ask(asked)).toMatchObject({ status: 415 })
    expect(await server.ask({ method: 'DELETE', path: '/change', headers: bearer })).toMatchObject({ status: 200 })
    expect(await changeWith({ 'content-type': 'application/json; charset=utf-8' })).toMatchObject({ status: 200 })
  })

  test('refuses a body over 64 KiB, announced or not', async () => {
    const body = 'x'.repeat(64 * 1024 + 1)
    expect(await server.ask({ ...change, body })).toMatchObject({ status: 413, code: 'body_too_large' })
    const chunked = { ...change.headers, 'transfer-encoding': 'chunked' }
    expect(await server.ask({ ...change, headers: chunked, body })).toMatchObject({ status: 413 })
    expect(await server.ask({ ...change, body: body.slice(1) })).toMatchObject({ status: 200 })
  })

  test.each(['OPTIONS', 'TRACE', 'PROPFIND'])('serves no %s', async (method) => {
    expect(await server.ask({ method, headers: bearer })).toMatchObject({ status: 405, code: 'method_not_allowed' })
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

  describe('signs a browser in', () => {
    const form = (text: string) => ({
      method: 'POST',
      path: '/session',
      headers: { origin: own, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${text}`,
    })
    const cookieOf = async () => {
      const { headers } = await server.ask(form(token))
      return String(headers['set-cookie']?.[0])
    }

    test('with the token alone, by a cookie that no script reads and no other site sends', async () => {
      expect(await server.ask(form('wrong'))).toMatchObject({ status: 401, code: 'wrong_token' })
      const cookie = await cookieOf()
      expect(cookie).toMatch(/^tributary_session=\d+\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
      expect(cookie).not.toContain(token)
    })

    test('so that its own pages may change things, and nobody else with the cookie', async () => {
      const [cookie = ''] = (await cookieOf()).split(';')
      const asked = { ...change, headers: { ...json, cookie } }
      const with_ = (headers: Record<string, string>) =>
        server.ask({ ...asked, headers: { ...asked.headers, ...headers } })
      expect(await with_({ origin: own })).toMatchObject({ status: 200 })
      expect(await with_({ 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 })
      expect(await with_({ origin: 'http://evil.example' })).toMatchObject({ status: 403 })
      expect(await with_({})).toMatchObject({ status: 401 })
      expect(await with_({ origin: own, authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
    })

    test('until the cookie expires, and not by one that was made up', async () => {
      const [cookie = ''] = (await cookieOf()).split(';')
      const later = cookie.replace(/\d+\./, (text) => `${Number(text.slice(0, -1)) + 1}.`)
      for (const each of [
        later,
        'tributary_session=',
        'tributary_session=9999999999.',
        `${cookie}x`,
        cookie.slice(0, -1),
      ]) {
        const headers = { ...json, origin: own, cookie: each }
        expect(await server.ask({ ...change, headers }), each).toMatchObject({ status: 401 })
      }
    })

    test('from its own page only', async () => {
      const asked = form(token)
      const headers = { ...asked.headers, origin: 'http://evil.example' }
      expect(await server.ask({ ...asked, headers })).toMatchObject({ status: 403 })
    })
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
    expect(await server.ask({ path: '/session' })).toMatchObject({ status: 404 })
  })
})
