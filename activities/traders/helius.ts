import { z } from 'zod'
import { SourceChanged, SourceUnavailable, WebhookRefused } from '../../infra/errors.js'
import { HttpClient, type HttpRequest } from '../../infra/http/http_client.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { redact, redactedCause } from '../../infra/http/redaction.js'
import { type SourceWatch, unwatchedSource } from '../../infra/http/source_watch.js'
import type { Secret } from '../../infra/secret.js'

export interface HeliusOptions {
  readonly baseUrl: string
  readonly apiKey?: Secret
  /** Default 10 s. */
  readonly timeoutMs?: number
  readonly watch?: SourceWatch
}

/** `authHeader` is echoed by Helius: a webhook must not be logged as a whole. */
const webhook = z.object({
  webhookID: z.string(),
  webhookURL: z.string(),
  webhookType: z.string(),
  transactionTypes: z.array(z.string()).default([]),
  accountAddresses: z.array(z.string()).default([]),
  authHeader: z.string().nullish(),
  active: z.boolean().default(true),
  encoding: z.string().nullish(),
  txnStatus: z.string().nullish(),
})
export type Webhook = z.infer<typeof webhook>

/** All of what a webhook is told to be: Helius replaces it as a whole. */
export interface WebhookDefinition {
  readonly webhookURL: string
  readonly webhookType: 'enhanced'
  readonly transactionTypes: readonly string[]
  readonly accountAddresses: readonly string[]
  readonly authHeader?: string
  readonly encoding?: string
  readonly txnStatus?: string
}

const path = '/v0/webhooks'
const notFound = 404

/**
 * Helius' webhooks of one account, and its transactions. Every call is made once. Throws WebhookRefused where Helius says no, SourceUnavailable where it
 * does not answer (whether a change took place is then unknown), SourceChanged where the answer is no webhook.
 */
export class Helius {
  readonly #http: HttpClient
  readonly #key: string | undefined

  constructor({ baseUrl, apiKey, timeoutMs = 10_000, watch = unwatchedSource }: HeliusOptions) {
    this.#key = apiKey?.reveal()
    this.#http = new HttpClient({
      baseUrl,
      headers: {},
      timeoutMs,
      // 100,000 addresses of 44 characters in each of a few webhooks
      maxResponseBytes: 64 * 1024 * 1024,
      maxSockets: 2,
      secrets: this.#secrets,
      watch: { source: 'helius', by: watch },
    })
  }

  async list(signal?: AbortSignal): Promise<Webhook[]> {
    return (await this.#call('GET', path, undefined, signal, z.array(webhook))) ?? []
  }

  /** Nothing where there is no such webhook. */
  get(id: string, signal?: AbortSignal): Promise<Webhook | undefined> {
    return this.#call('GET', `${path}/${encodeURIComponent(id)}`, undefined, signal, webhook)
  }

  async create(definition: WebhookDefinition, signal?: AbortSignal): Promise<Webhook> {
    return this.#existing(await this.#call('POST', path, definition, signal, webhook))
  }

  async replace(id: string, definition: WebhookDefinition, signal?: AbortSignal): Promise<Webhook> {
    return this.#existing(await this.#call('PUT', `${path}/${encodeURIComponent(id)}`, definition, signal, webhook))
  }

  async toggle(id: string, active: boolean, signal?: AbortSignal): Promise<void> {
    await this.#call('PATCH', `${path}/${encodeURIComponent(id)}`, { active }, signal, z.unknown())
  }

  /** Resolves as well where there is no such webhook any more. */
  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await this.#call('DELETE', `${path}/${encodeURIComponent(id)}`, undefined, signal, z.unknown())
  }

  /**
   * Transactions by signature, at most 100 at once, as an enhanced delivery tells them; one that Helius does not know is left out. An
   * item is as lossless JSON gives it.
   */
  async transactions(signatures: readonly string[], signal?: AbortSignal): Promise<unknown[]> {
    const found = await this.#call(
      'POST',
      '/v0/transactions',
      { transactions: signatures },
      signal,
      z.array(z.unknown()),
    )
    return (found ?? []).filter((item) => item !== null)
  }

  close(): void {
    this.#http.close()
  }

  get #secrets(): readonly string[] {
    return this.#key === undefined ? [] : [this.#key]
  }

  #existing(found: Webhook | undefined): Webhook {
    if (found === undefined) throw new SourceUnavailable('Helius answered 404 to a change of its webhooks')
    return found
  }

  async #call<Result>(
    method: HttpRequest['method'],
    at: string,
    body: WebhookDefinition | { active: boolean } | { transactions: readonly string[] } | undefined,
    signal: AbortSignal | undefined,
    schema: z.ZodType<Result>,
  ): Promise<Result | undefined> {
    const { status, text, retryAfterMs } = await this.#http.send({
      method,
      path: at,
      ...(this.#key === undefined ? {} : { query: { 'api-key': this.#key } }),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (status === notFound && at !== path) return undefined
    const what = `Helius answered ${status} to ${method} ${at}`
    if (status < 200 || status >= 300) {
      const message = `${what}: ${redact(errorMessage(text), this.#secrets).slice(0, 300)}`
      if (status === 429 || status === 408 || status >= 500) throw new SourceUnavailable(message, retryAfterMs)
      if (status === 401 || status === 403) throw new WebhookRefused(`HELIUS_API_KEY is refused: ${message}`)
      throw new WebhookRefused(message)
    }
    let answer: unknown
    try {
      answer = text.trim() === '' ? undefined : parseLossless(text)
    } catch (error) {
      const cause = redactedCause(error, this.#secrets)
      throw new SourceUnavailable(`${what} with broken JSON`, retryAfterMs, { cause })
    }
    const parsed = schema.safeParse(answer)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new SourceChanged(`${what} with something else: ${issue?.path.join('.')}: ${issue?.message}`)
  }
}

/** Helius tells errors as JSON-RPC does, on REST as well. */
const errorMessage = (text: string): string => {
  try {
    const shape = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) })
    const { error } = shape.parse(JSON.parse(text))
    return typeof error === 'string' ? error : error.message
  } catch {
    return text
  }
}
