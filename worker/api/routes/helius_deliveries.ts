import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Delivery } from '../../../activities/traders/commit_deliveries.js'
import { SourceUnavailable } from '../../../infra/errors.js'
import type { Secret } from '../../../infra/secret.js'
import type { Spool } from '../../../infra/spool/spool.js'
import { sameText } from '../access.js'
import type { ApiDependencies } from '../dependencies.js'

/** Where Helius is to deliver, below the server's address. */
export const heliusPath = '/webhooks/helius'

export interface HeliusDeliveries {
  readonly spool: Pick<Spool, 'append'>
  /** Any of them will do, so that a secret can be changed while deliveries come. None: every delivery is refused. */
  readonly secrets: readonly Secret[]
  /** What is larger is refused. Default 4 MiB: a hundred transactions of the largest kind. */
  readonly maxBodyBytes?: number
  /** Told of every delivery that was taken. */
  readonly taken?: () => void
  readonly now?: () => Date
}

/**
 * `POST /webhooks/helius`. Answers 200 only when the delivery is on the disk, 503 where it could not be put there, and Helius then
 * sends it again. Whoever does not know the shared secret learns nothing but that, in the same time whatever was given.
 */
export const heliusDeliveries = (dependencies: HeliusDeliveries): Hono => {
  const { spool, taken, maxBodyBytes = 4 * 1024 ** 2, now = () => new Date() } = dependencies
  const isAuthentic = authenticator(dependencies.secrets)
  return new Hono().post(heliusPath, async (context) => {
    const refuse = refusal(context)
    if (!isAuthentic(context.req.header('authorization') ?? '')) {
      return refuse(401, 'unauthorized', 'Authorization is not the shared secret: see WEBHOOK_AUTH')
    }
    if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
      return refuse(415, 'unsupported_media_type', 'Content-Type must be application/json')
    }
    const body = await readBody(context, maxBodyBytes)
    if (body === undefined) return refuse(413, 'too_large', `the body has more than ${maxBodyBytes} bytes`)
    if (!isJsonArray(body)) return refuse(400, 'bad_request', 'the body is not a JSON array of events')
    const delivery: Delivery = { receivedAt: now().toISOString(), body }
    try {
      await spool.append(JSON.stringify(delivery))
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      return refuse(503, 'unavailable', error.message)
    }
    taken?.()
    return context.json({ received: true })
  })
}

/** The configured receiver, where there is one. */
export const receiverRoutes = ({ receiver }: Pick<ApiDependencies, 'receiver'>): Hono => receiver?.router ?? new Hono()

/** Compares with every secret, so that which of them it is does not show in the time. */
const authenticator =
  (secrets: readonly Secret[]) =>
  (given: string): boolean =>
    secrets.map((secret) => sameText(given, secret.reveal())).includes(true)

const refusal = (context: Context) => (status: ContentfulStatusCode, code: string, message: string) =>
  context.json({ error: { code, message } }, status)

/** The body as text; nothing where it is larger than allowed, of which no more than that is held. */
const readBody = async ({ req }: Context, maxBytes: number): Promise<string | undefined> => {
  const length = req.header('content-length')
  // Node reads no more of a body than its declared length.
  if (length !== undefined) return Number(length) > maxBytes ? undefined : req.text()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of req.raw.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const isJsonArray = (text: string): boolean => {
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}
