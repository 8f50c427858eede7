import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Secret } from '../../infra/secret.js'

const cookieName = 'tributary'
/** A month: a person opens the link again, and a stolen browser profile does not stay signed in for ever. */
const cookieMaxAgeSeconds = 30 * 86_400

/** What the cookie holds in place of the token, so that a cookie cannot be used as one. */
const sessionOf = (token: Secret): string =>
  createHmac('sha256', token.reveal()).update('tributary session').digest('hex')

/** Compares in a time that tells nothing of where two texts differ. */
export const sameText = (one: string, other: string): boolean => {
  const digest = (text: string) => createHmac('sha256', 'comparison').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** Whether a request shows the token: `Authorization: Bearer ...`, or the cookie that signing in has left. */
export const showsToken = (context: Context, token: Secret): boolean => {
  const [scheme = '', given = ''] = (context.req.header('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return sameText(given, token.reveal())
  const cookie = getCookie(context, cookieName)
  return cookie !== undefined && sameText(cookie, sessionOf(token))
}

/** Leaves the cookie by which this browser may change things from now on. */
export const signIn = (context: Context, token: Secret): void =>
  setCookie(context, cookieName, sessionOf(token), {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: cookieMaxAgeSeconds,
    secure: new URL(context.req.url).protocol === 'https:',
  })
