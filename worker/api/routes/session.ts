import { Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Secret } from '../../../infra/secret.js'
import { equalInConstantTime } from '../constant_time.js'
import { sessionCookie, sessionSeconds, sessionValue } from '../session_cookie.js'

/** Mounted at `/session`. POST with `token`, in a form or as JSON, signs a browser in; DELETE signs it out. */
export const sessionRoutes = (token: Secret): Hono =>
  new Hono()
    .post('/', async (c) => {
      const isForm = c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false
      const given: unknown = isForm ? await c.req.parseBody() : await c.req.json().catch(() => undefined)
      if (!equalInConstantTime(tokenIn(given), token.reveal())) {
        return c.json({ error: { code: 'wrong_token', message: 'that is not the token; see API_TOKEN' } }, 401)
      }
      const secure = c.req.header('x-forwarded-proto') === 'https' || new URL(c.req.url).protocol === 'https:'
      const options = { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: sessionSeconds, secure } as const
      setCookie(c, sessionCookie, sessionValue(token, Date.now()), options)
      return isForm ? c.redirect('/', 303) : c.body(null, 204)
    })
    .delete('/', (c) => {
      deleteCookie(c, sessionCookie, { path: '/' })
      return c.body(null, 204)
    })

const tokenIn = (given: unknown): string => {
  const token = typeof given === 'object' && given !== null && 'token' in given ? given.token : undefined
  return typeof token === 'string' ? token : ''
}
