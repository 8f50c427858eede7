import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import axios, { type AxiosInstance, isAxiosError } from 'axios'
import { SourceChanged, SourceUnavailable } from '../errors.js'
import { redact, redactedCause } from './redaction.js'
import type { SourceWatch } from './source_watch.js'

export interface HttpOptions {
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly maxSockets: number
  /** Values that must not appear in an error. */
  readonly secrets: readonly string[]
  /** Sees what is sent, under the source's name. */
  readonly watch?: { readonly source: string; readonly by: SourceWatch }
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  /** In milliseconds from now, where the answer names one. */
  readonly retryAfterMs: number | undefined
  readonly body: Buffer
  /** The body as UTF-8, decoded when it is asked for. */
  readonly text: string
}

const utf8 = new TextDecoder()

/** One keep-alive connection pool to one source. Whatever status comes back is an answer; judging it is the caller's. */
export class HttpClient {
  readonly #axios: AxiosInstance
  readonly #agents: readonly [HttpAgent, HttpsAgent]

  constructor(private readonly options: HttpOptions) {
    const { baseUrl, headers, maxResponseBytes, maxSockets } = options
    const httpAgent = new HttpAgent({ keepAlive: true, maxSockets })
    const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets })
    this.#agents = [httpAgent, httpsAgent]
    this.#axios = axios.create({
      adapter: 'http',
      baseURL: baseUrl,
      headers: { accept: 'application/json', 'user-agent': 'tributary', ...headers },
      httpAgent,
      httpsAgent,
      maxContentLength: maxResponseBytes,
      // A redirect would carry the key to wherever it points.
      maxRedirects: 0,
      responseType: 'arraybuffer',
      validateStatus: () => true,
      ...(isLoopback(baseUrl) ? { proxy: false as const } : {}),
    })
  }

  /**
   * Sends one request, once. Throws SourceUnavailable where no whole answer came (refused, cut, late), SourceChanged where it is
   * larger than allowed, and the signal's reason where the caller gave up.
   */
  async send({ method, path, query, body, signal }: HttpRequest): Promise<HttpResponse> {
    signal?.throwIfAborted()
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), this.options.timeoutMs)
    const begunAt = performance.now()
    const giveUp = () => late.abort()
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const response = await this.#axios.request<Buffer>({
        method,
        url: path,
        signal: late.signal,
        ...(query === undefined ? {} : { params: query }),
        ...(body === undefined ? {} : { data: body, headers: { 'content-type': 'application/json' } }),
      })
      this.#tell(path, begunAt, response)
      const { status, headers, data } = response
      return {
        status,
        retryAfterMs: retryAfterMs(headers['retry-after']),
        body: data,
        get text() {
          return utf8.decode(data)
        },
      }
    } catch (error) {
      signal?.throwIfAborted()
      this.#tell(path, begunAt)
      throw this.#failure(error, `${method} ${path}`, late.signal.aborted)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  #tell(path: string, begunAt: number, answer?: { status: number; data: Buffer }): void {
    const { watch } = this.options
    watch?.by.answered({
      source: watch.source,
      endpoint: endpointOf(path),
      status: answer?.status,
      seconds: (performance.now() - begunAt) / 1000,
      bytes: answer === undefined ? 0 : answer.data.length,
    })
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of this.#agents) agent.destroy()
  }

  #failure(error: unknown, what: string, isLate: boolean): SourceUnavailable | SourceChanged {
    const { secrets, timeoutMs, maxResponseBytes, baseUrl } = this.options
    const cause = redactedCause(error, secrets)
    const at = redact(`${what} at ${withoutSecrets(baseUrl)}`, secrets)
    if (isLate) return new SourceUnavailable(`${at} took longer than ${timeoutMs} ms`, undefined, { cause })
    if (isAxiosError(error) && error.message.startsWith('maxContentLength')) {
      return new SourceChanged(`${at} answered with more than ${maxResponseBytes} bytes`, { cause })
    }
    return new SourceUnavailable(`${at} gave no whole answer: ${cause.message || 'connection failed'}`, undefined, {
      cause,
    })
  }
}

/** A URL as it may be shown and stored: without user, query and fragment, where secrets travel. */
export const withoutSecrets = (url: string): string => {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

/** A path names things of the data by ids, such as a webhook's: whatever has a digit or is long, but a version. */
const endpointOf = (path: string): string =>
  path.replace(/\?.*/s, '').replace(/\/(?!v\d\b)(?=[^/]*\d|[^/]{25})[^/]+/g, '/:id')

const isLoopback = (url: string): boolean =>
  URL.canParse(url) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)

const retryAfterMs = (header: unknown): number | undefined => {
  if (typeof header !== 'string') return undefined
  const seconds = Number(header)
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined
}
