import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { TributaryError } from '../../infra/errors.js'

/** What every request that fails is answered with: `{error: {code, message}}`. */
export interface Problem {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly message: string
}

const statusOf: Readonly<Record<string, ContentfulStatusCode>> = {
  InvalidInput: 400,
  WebhookRefused: 400,
  QuotaExhausted: 429,
  CommitConflict: 409,
  QualityRejected: 422,
  RolledBack: 409,
  SourceUnavailable: 503,
}

/** Nothing of this name is there. */
export const notFound = (message: string): HTTPException => new HTTPException(404, { message })

/** What a failure is to the one who asked; a defect tells nothing of the inside, which the log has. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof HTTPException)
    // Hono's own exceptions carry the statuses that have a body.
    return { status: error.status as ContentfulStatusCode, code: codeOf(error.status), message: error.message }
  if (error instanceof TributaryError)
    return { status: statusOf[error.name] ?? 500, code: error.name, message: error.message }
  return { status: 500, code: 'Defect', message: 'this is a defect of Tributary; its log says where' }
}

const codes: Readonly<Record<number, string>> = {
  400: 'InvalidInput',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  413: 'TooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
}
const codeOf = (status: number): string => codes[status] ?? `Http${status}`
