import type { Context } from 'hono'

/**
 * Nothing but our own files runs or is loaded, no page frames ours, no form is sent elsewhere. Style attributes are allowed, for the
 * charts' tooltips; style elements and scripts in a page are not.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const headers = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // What the lake knows stays out of shared caches; a route with files that never change says otherwise.
  'Cache-Control': 'no-store',
} as const

/** Before the route is asked, so that it can say otherwise and refusals have them too. */
export const setSecurityHeaders = (c: Context): void => {
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
}
