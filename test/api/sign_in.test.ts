import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { showsToken } from '../../worker/api/access.js'
import { createApi } from '../../worker/api/api.js'
import { apiToken, signInAdvice } from '../../worker/api/api_token.js'
import { apiDependencies, testToken } from './api_dependencies.js'

const scratchConfig = async (env: Record<string, string> = {}) => {
  const home = await mkdtemp(path.join(tmpdir(), 'tributary-api-'))
  onTestFinished(() => rm(home, { recursive: true }))
  return loadConfig({ TRIBUTARY_HOME: home, ...env })
}

const lines: string[] = []
const dependencies = apiDependencies({ log: (line) => lines.push(line) })
const api = createApi(dependencies)
/** Says whether a request would be let change something. */
const guarded = new Hono().get('/', (context) => context.json(showsToken(context, dependencies.token)))
const mayChange = async (headers: Record<string, string>) => (await guarded.request('/', { headers })).json()

describe('signing in', () => {
  test('leaves a cookie that is not the token, and leads on without the token in the address', async () => {
    const reply = await api.request(`/sign-in?token=${testToken}`)
    const cookie = reply.headers.get('set-cookie') ?? ''
    expect(reply.status).toBe(303)
    expect(reply.headers.get('location')).toBe('/')
    expect(cookie).toMatch(/^tributary=[0-9a-f]{64}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(await mayChange({ cookie: cookie.split(';')[0] ?? '' })).toBe(true)
  })

  test('refuses another token and none, without repeating it', async () => {
    for (const query of ['?token=wrong', '?token=', '']) {
      const reply = await api.request(`/sign-in${query}`)
      expect(reply.status).toBe(401)
      expect(reply.headers.get('set-cookie')).toBeNull()
      expect(await reply.text()).not.toContain('wrong')
    }
  })

  test('is shown by the token as a bearer and by nothing else', async () => {
    expect(await mayChange({ authorization: `Bearer ${testToken}` })).toBe(true)
    for (const headers of [
      {},
      { authorization: `Bearer ${testToken}x` },
      { authorization: `Basic ${testToken}` },
      { cookie: `tributary=${testToken}` },
      { cookie: 'tributary=' },
    ]) {
      expect(await mayChange(headers), JSON.stringify(headers)).toBe(false)
    }
  })
})

describe('the token of a home', () => {
  test('is made once, by one of those that ask at the same time, for its owner alone', async () => {
    const config = await scratchConfig()
    const tokens = await Promise.all(Array.from({ length: 8 }, () => apiToken(config)))
    expect(new Set(tokens.map((token) => token.reveal())).size).toBe(1)
    expect(tokens[0]?.reveal()).toMatch(/^[\w-]{43}$/)
    expect((await stat(path.join(config.home, 'api_token'))).mode & 0o777).toBe(0o600)
  })

  test('is printed only where a person can click it, and never where it was configured', async () => {
    const config = await scratchConfig()
    const token = (await apiToken(config)).reveal()
    expect(await signInAdvice(config, 'http://h', true)).toContain(`http://h/sign-in?token=${token}`)
    expect(await signInAdvice(config, 'http://h', false)).not.toContain(token)
    const configured = await scratchConfig({ API_TOKEN: 'sixteen-or-more-characters' })
    expect((await apiToken(configured)).reveal()).toBe('sixteen-or-more-characters')
    expect(await signInAdvice(configured, 'http://h', true)).not.toContain('sixteen')
  })
})

describe('what fails', () => {
  test('is answered in one shape of JSON', async () => {
    const reply = await api.request('/api/v1/nothing')
    expect(reply.status).toBe(404)
    expect(await reply.json()).toEqual({ error: { code: 'NotFound', message: 'there is nothing at /api/v1/nothing' } })
  })
})
