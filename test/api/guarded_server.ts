import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { Secret } from '../../infra/secret.js'
import { signIn } from '../../worker/api/access.js'
import { type GuardOptions, guard } from '../../worker/api/guard.js'

export const token = 'a-token-of-the-test-4711'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  /** The code of a refusal. */
  readonly code: string | undefined
}

export interface GuardedServer {
  readonly port: number
  /** Sends exactly these headers, those that fetch would not let through too. */
  ask(asked: Asked): Promise<Answer>
  close(): Promise<void>
}

/** A real server behind the guard, with a route of each kind. */
export const startGuardedServer = async (options: Partial<GuardOptions> = {}): Promise<GuardedServer> => {
  const app = new Hono()
  const secret = new Secret(token)
  app.use(guard({ token: secret, open: ['/healthz', '/sign-in'], ownSecret: ['/delivery'], ...options }))
  app.get('/sign-in', (c) => {
    signIn(c, secret)
    return c.body(null, 204)
  })
  app.get('/read', (c) => c.json({ read: true }))
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '/change', async (c) => c.json({ body: await c.req.text() }))
  app.post('/delivery', async (c) => c.json({ body: (await c.req.text()).length }))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    ask: (asked) => ask(port, asked),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const ask = (port: number, { method = 'GET', path = '/read', headers = {}, body }: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const length = body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(body.length) }
    const sent = { ...headers, ...length }
    const asked = request({ host: '127.0.0.1', port, method, path, headers: sent, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        const code: unknown = /"code":"(\w+)"/.exec(text)?.[1]
        const status = response.statusCode ?? 0
        resolve({ status, headers: response.headers, text, code: typeof code === 'string' ? code : undefined })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
