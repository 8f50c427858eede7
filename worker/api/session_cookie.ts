import { createHmac } from 'node:crypto'
import type { Secret } from '../../infra/secret.js'
import { equalInConstantTime } from './constant_time.js'

export const sessionCookie = 'tributary_session'
/** A working day: who left the browser open signs in again the next one. */
export const sessionSeconds = 12 * 60 * 60

/** A value that proves the token was known, and until when it counts. Another token makes all of them worthless. */
export const sessionValue = (token: Secret, nowMs: number): string => {
  const expiresAt = Math.floor(nowMs / 1000) + sessionSeconds
  return `${expiresAt}.${signature(token, expiresAt)}`
}

/** Whether the cookie's value was made by `sessionValue` with this token and has not expired. */
export const sessionHolds = (value: string | undefined, token: Secret, nowMs: number): boolean => {
  const [, expiresAt, proof] = /^(\d{1,12})\.([\w-]{43})$/.exec(value ?? '') ?? []
  if (expiresAt === undefined || proof === undefined) return false
  return equalInConstantTime(proof, signature(token, Number(expiresAt))) && Number(expiresAt) * 1000 > nowMs
}

const signature = (token: Secret, expiresAt: number): string =>
  createHmac('sha256', token.reveal()).update(`tributary session until ${expiresAt}`).digest('base64url')
