import { expect, test } from 'vitest'
import { createApi } from '../../worker/api/api.js'
import { apiDependencies, testToken } from './api_dependencies.js'

const api = createApi(apiDependencies())
const changing = api.routes.filter(({ method }) => !['GET', 'HEAD', 'ALL', 'OPTIONS'].includes(method))
const places = [...changing, { method: 'POST', path: '/nothing/there' }].filter(
  ({ path }) => path !== '/webhooks/helius',
)

test.each(places.map(({ method, path }) => [method, path.replace(/:\w+(\{.*?\})?/g, 'x')]))(
  '%s %s asks for the token, and is made for no other site',
  async (method, path) => {
    const headers = { 'content-type': 'application/json' }
    const bearer = { ...headers, authorization: `Bearer ${testToken}` }
    expect((await api.request(path, { method, headers, body: '{}' })).status).toBe(401)
    for (const more of [{ origin: 'http://evil.example' }, { host: 'evil.example' }]) {
      expect((await api.request(path, { method, headers: { ...bearer, ...more }, body: '{}' })).status).toBe(403)
    }
  },
)

test('every answer has the headers, those to nobody too', async () => {
  for (const path of ['/', '/nothing/there', '/sign-in']) {
    const { headers } = await api.request(path)
    expect(headers.get('content-security-policy'), path).toContain("default-src 'none'")
    expect(headers.get('x-content-type-options'), path).toBe('nosniff')
  }
})
