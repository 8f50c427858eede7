import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Secret } from '../../infra/secret.js'
import { showsToken } from './access.js'
import { setSecurityHeaders } from './security_headers.js'

export interface GuardOptions {
  readonly token: Secret
  /** Names by which the server may be called besides `localhost` and IP addresses, without port. */
  readonly allowedHosts?: readonly string[]
  /** Whether reading needs the token too: where the server listens beyond loopback. */
  readonly readsNeedToken?: boolean
  /** Paths that check a secret of their own, and their own limits: what is delivered there knows no token and has no origin. */
  readonly ownSecret?: readonly string[]
  /** Paths that tell nothing of the data, or take the token: read without it, under any name. */
  readonly open?: readonly string[]
}

/** Far above any form or SQL text; deliveries have a limit of their own. */
const bodyLimitBytes = 64 * 1024
const reading = ['GET', 'HEAD']
const changing = ['POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Stands before every route. Refuses a name it is not called by (DNS rebinding), a request that another site's page makes, a change
 * without the token, a body of another type or too large; and puts the security headers on every answer, refusals too.
 */
export const guard = (options: GuardOptions): MiddlewareHandler => {
  const { ownSecret = [], open = [] } = options
  const limitBody = bodyLimit({
    maxSize: bodyLimitBytes,
    onError: (c) => refuse(c, 413, 'BodyTooLarge', `the body may have ${bodyLimitBytes} bytes`),
  })
  return async (c, next) => {
    setSecurityHeaders(c)
    const hasOwnSecret = ownSecret.includes(c.req.path) && c.req.method === 'POST'
    const isOpen = open.includes(c.req.path) && reading.includes(c.req.method)
    const refusal = hasOwnSecret || isOpen ? undefined : refusalOf(c, options)
    if (refusal !== undefined) return refusal
    return hasOwnSecret ? next() : limitBody(c, next)
  }
}

const refusalOf = (c: Context, options: GuardOptions): Response | undefined => {
  const { method } = c.req
  const isChange = changing.includes(method)
  if (!isChange && !reading.includes(method)) return refuse(c, 405, 'MethodNotAllowed', `${method} is not served`)
  // A browser always says it; what is called within the process has none.
  const host = c.req.header('host') ?? new URL(c.req.url).host
  if (!isOwnName(host, options.allowedHosts ?? []))
    return refuse(c, 403, 'HostNotAllowed', 'the server is not called by that name; add it to API_ALLOWED_HOSTS')
  if (isChange && !isOwnOrigin(c, host)) return refuse(c, 403, 'OriginNotAllowed', 'another site may not ask for that')
  if (isChange && !isJsonOrEmpty(c)) return refuse(c, 415, 'ContentTypeNotAllowed', 'the body must be application/json')
  if ((!isChange && options.readsNeedToken !== true) || isSignedIn(c, options.token)) return undefined
  c.header('WWW-Authenticate', 'Bearer realm="tributary"')
  return refuse(c, 401, 'TokenRequired', 'send Authorization: Bearer with API_TOKEN, or sign in to the dashboard')
}

/** A page of another site that has our address under its own name sends that name: an address or `localhost` cannot be its. */
const isOwnName = (host: string, allowed: readonly string[]): boolean => {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  const isAddress = /^\[[0-9a-f:.]+\]$|^\d{1,3}(\.\d{1,3}){3}$/.test(name)
  return isAddress || name === 'localhost' || allowed.some((each) => each.toLowerCase() === name)
}

/** Browsers say where a change comes from; what says nothing is no browser. A proxy may have taken TLS off, so the scheme is not compared. */
const isOwnOrigin = (c: Context, host: string): boolean => {
  const [origin, site] = [c.req.header('origin'), c.req.header('sec-fetch-site')]
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

/** Only JSON: what a form or a script of another site sends without asking first is none. */
const isJsonOrEmpty = (c: Context): boolean => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return type === undefined ? !hasBody(c) : type === 'application/json'
}

const hasBody = (c: Context): boolean =>
  c.req.header('transfer-encoding') !== undefined || Number(c.req.header('content-length') ?? 0) > 0

/** A cookie, which the browser sends unasked, counts for a change only where the browser says that the page is ours. */
const isSignedIn = (c: Context, token: Secret): boolean => {
  const isDeliberate = ['authorization', 'origin', 'sec-fetch-site'].some((name) => c.req.header(name) !== undefined)
  return (isDeliberate || reading.includes(c.req.method)) && showsToken(c, token)
}

const refuse = (c: Context, status: 401 | 403 | 405 | 413 | 415, code: string, message: string): Response =>
  c.json({ error: { code, message } }, status)
