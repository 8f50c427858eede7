import { InvalidInput, QuotaExhausted, SourceChanged, SourceUnavailable } from '../../infra/errors.js'
import { type Clock, systemClock } from '../../infra/http/clock.js'
import type { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { HttpClient, type HttpResponse } from '../../infra/http/http_client.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { RateLimiter } from '../../infra/http/rate_limiter.js'
import { redact, redactedCause } from '../../infra/http/redaction.js'
import { type RetryPolicy, shortFaults, withRetries } from '../../infra/http/retries.js'
import { type SourceWatch, unwatchedSource } from '../../infra/http/source_watch.js'
import type { Secret } from '../../infra/secret.js'
import { isItem } from './birdeye_fields.js'
import { type Page, type PageReader, toPage } from './birdeye_page.js'

/** BirdEye's prices of the endpoints used here, in compute units (documentation of 2026); configuration overrides them. */
const documentedPrices: Readonly<Record<string, number>> = {
  '/defi/v3/token/list': 100,
  '/defi/v3/token/holder': 50,
  '/defi/v2/tokens/top_traders': 35,
  '/trader/txs/seek_by_time': 15,
}
/** The dearest of the endpoints used here, for one without a known price: a budget may end early, never late. */
const unknownPrice = 100
const walletGroup = /^\/(v1\/wallet|wallet\/v2)\//

export interface BirdEyeOptions {
  readonly baseUrl: string
  readonly apiKey?: Secret
  readonly requestsPerSecond: number
  readonly walletGroupRequestsPerMinute: number
  readonly computeUnitPrices: Readonly<Record<string, number>>
  /** Default 30 s. */
  readonly timeoutMs?: number
  /** Default 32 MiB; a page of 100 swaps has 200 KiB. */
  readonly maxResponseBytes?: number
  readonly retries?: RetryPolicy
  readonly clock?: Clock
  readonly watch?: SourceWatch
}

type Query = Readonly<Record<string, string | number>>

/** One account at BirdEye: its connections, its rate limits (for all work of this process together) and its page sizes. */
export class BirdEye {
  readonly #http: HttpClient
  readonly #account: RateLimiter
  readonly #walletGroup: RateLimiter
  readonly #clock: Clock
  readonly #secrets: readonly string[]
  readonly #watch: SourceWatch
  /** The largest page an endpoint accepts, where it has said so. */
  readonly #pageSizes = new Map<string, number>()

  constructor(private readonly options: BirdEyeOptions) {
    this.#clock = options.clock ?? systemClock
    this.#watch = options.watch ?? unwatchedSource
    const key = options.apiKey?.reveal()
    this.#secrets = key === undefined ? [] : [key]
    this.#account = new RateLimiter({ requests: options.requestsPerSecond, perMs: 1_000 }, this.#clock)
    this.#walletGroup = new RateLimiter({ requests: options.walletGroupRequestsPerMinute, perMs: 60_000 }, this.#clock)
    this.#http = new HttpClient({
      baseUrl: options.baseUrl,
      headers: { 'x-chain': 'solana', ...(key === undefined ? {} : { 'X-API-KEY': key }) },
      timeoutMs: options.timeoutMs ?? 30_000,
      maxResponseBytes: options.maxResponseBytes ?? 32 * 1024 * 1024,
      maxSockets: 16,
      secrets: this.#secrets,
      watch: { source: 'birdeye', by: this.#watch },
    })
  }

  /** The account as one piece of work sees it, with what that work may spend. */
  within(budget: ComputeUnitBudget, signal?: AbortSignal): BirdEyeWork {
    return { page: (endpoint, query, limit, read) => this.#page({ endpoint, query, budget, signal, read }, limit) }
  }

  close(): void {
    this.#http.close()
  }

  async #page(question: Question, wanted: number): Promise<Page> {
    const { endpoint, query, signal } = question
    for (;;) {
      const limit = Math.min(wanted, this.#pageSizes.get(endpoint) ?? wanted)
      const answer = await withRetries(
        () => this.#ask({ ...question, query: { ...query, limit } }),
        this.options.retries ?? shortFaults,
        this.#clock,
        signal,
      )
      if (answer.kind === 'page') return answer.page
      if (answer.largest < 1 || answer.largest >= limit) {
        throw new SourceChanged(`${endpoint} refused a page of ${limit}, but allows up to ${answer.largest}`)
      }
      this.#pageSizes.set(endpoint, answer.largest)
    }
  }

  async #ask({ endpoint, query, budget, signal, read }: Question): Promise<Answer> {
    const price = this.options.computeUnitPrices[endpoint] ?? documentedPrices[endpoint] ?? unknownPrice
    budget.reserve(price, endpoint)
    if (walletGroup.test(endpoint)) await this.#walletGroup.pass(signal)
    await this.#account.pass(signal)
    const response = await this.#http.send({ method: 'GET', path: endpoint, query, ...(signal && { signal }) })
    if (response.status === 429) {
      budget.refund(price)
      if (response.retryAfterMs !== undefined) this.#account.pause(response.retryAfterMs)
    } else {
      this.#watch.charged('birdeye', endpoint, price)
    }
    const page = isSuccess(response) ? read?.(response.body) : undefined
    return page === undefined ? judge(endpoint, response, this.#secrets) : { kind: 'page', page }
  }
}

interface Question {
  readonly endpoint: string
  readonly query: Query
  readonly budget: ComputeUnitBudget
  readonly signal: AbortSignal | undefined
  readonly read: PageReader | undefined
}

/** Throws QuotaExhausted, SourceUnavailable, SourceChanged, InvalidInput (the key), or the signal's reason. */
export interface BirdEyeWork {
  /**
   * One page, of `limit` items at most: fewer where the endpoint turned out to allow fewer. `read` has the first look at the body of
   * a success; what it does not recognise is parsed.
   */
  readonly page: (endpoint: string, query: Query, limit: number, read?: PageReader) => Promise<Page>
}

type Answer =
  | { readonly kind: 'page'; readonly page: Page }
  | { readonly kind: 'page_too_large'; readonly largest: number }

const isSuccess = ({ status }: HttpResponse): boolean => status >= 200 && status < 300

const judge = (endpoint: string, response: HttpResponse, secrets: readonly string[]): Answer => {
  const { status, retryAfterMs, text } = response
  let body: unknown
  try {
    body = parseLossless(text)
  } catch (error) {
    // A cut answer is not JSON either, and of both the next attempt may be whole.
    if (isSuccess(response)) {
      const cause = redactedCause(error, secrets)
      throw new SourceUnavailable(`${endpoint} answered ${status} with broken JSON`, retryAfterMs, { cause })
    }
  }
  const envelope = isItem(body) ? body : {}
  if (isSuccess(response) && envelope['success'] === true) {
    return { kind: 'page', page: toPage(endpoint, envelope['data']) }
  }

  const said = typeof envelope['message'] === 'string' ? envelope['message'] : text
  const message = `${endpoint} answered ${status}: ${redact(said, secrets).slice(0, 300)}`
  if (/compute units? usage limit/i.test(said)) throw new QuotaExhausted(`${message}; the account's quota is used up`)
  const range = /limit should be[^0-9]*range \d+-(\d+)/i.exec(said)
  if (range !== null) return { kind: 'page_too_large', largest: Number(range[1]) }
  if (status === 401 || status === 403) {
    throw new InvalidInput(`BIRDEYE_API_KEY is refused, or its plan does not include this: ${message}`)
  }
  if (status === 429 || status === 408 || status >= 500) throw new SourceUnavailable(message, retryAfterMs)
  if (isSuccess(response) && envelope['success'] === false) throw new SourceUnavailable(message, retryAfterMs)
  throw new SourceChanged(message)
}
