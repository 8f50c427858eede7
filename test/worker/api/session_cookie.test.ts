import { expect, test } from 'vitest'
import { Secret } from '../../../infra/secret.js'
import { sessionHolds, sessionSeconds, sessionValue } from '../../../worker/api/session_cookie.js'

const token = new Secret('a-token-of-the-test-4711')
const signedInAt = Date.UTC(2026, 10, 21)

test('a session holds for its time, and for its token alone', () => {
  const value = sessionValue(token, signedInAt)
  expect(sessionHolds(value, token, signedInAt + sessionSeconds * 1000 - 1)).toBe(true)
  expect(sessionHolds(value, token, signedInAt + sessionSeconds * 1000)).toBe(false)
  expect(sessionHolds(value, new Secret('another-token-4711'), signedInAt)).toBe(false)
  expect(value).not.toContain(token.reveal())
})
