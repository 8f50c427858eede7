import { createHmac } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { SourceUnavailable, WebhookRefused } from '../errors.js'
import type { Secret } from '../secret.js'
import { isLoopbackAddress, isPublicAddress } from './public_address.js'

export interface OutgoingOptions {
  /** `whsec_` and base64, as Standard Webhooks has it, or any text. */
  readonly secret: Secret
  /** Also this machine, for tests and receivers beside us; nothing else that is not public, ever. */
  readonly allowLoopback: boolean
  /** From the question for the name to the last byte of the answer. Default 10 s. */
  readonly timeoutMs?: number
  /** Every address of a name. Default: the system's. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
}

export interface OutgoingMessage {
  /** The same in every attempt: by it a receiver knows a repetition. */
  readonly id: string
  readonly body: string
}

/** Enough to say in a log what a receiver did not like. */
const readAnswerBytes = 500

/**
 * Sends messages as https://www.standardwebhooks.com has it: `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, which is
 * `v1,` and the base64 HMAC-SHA256 of id, timestamp and body, joined by dots. A name is resolved once, all its addresses must be public, and the
 * connection goes to one that was looked at, so that a name which answers differently the next time gains nothing. Redirects are not followed.
 */
export class OutgoingWebhook {
  constructor(private readonly options: OutgoingOptions) {}

  /** Resolves when the receiver has taken it (2xx). Throws WebhookRefused where it may not be asked or is gone for good, else SourceUnavailable. */
  async send(to: string, { id, body }: OutgoingMessage, now: Date): Promise<void> {
    const { timeoutMs = 10_000 } = this.options
    const signal = AbortSignal.timeout(timeoutMs)
    const url = this.#parse(to)
    const address = await this.#addressOf(url, signal)
    const status = await this.#post(url, address, this.#headers(id, body, now), body, signal).catch((error: Error) => {
      // The message of a failed connection has the address, never what stands behind the host in the URL.
      const reason = signal.aborted ? `did not answer within ${timeoutMs} ms` : error.message
      throw new SourceUnavailable(`${url.host}: ${reason}`)
    })
    if (status.code >= 200 && status.code < 300) return
    if (status.code === 410) throw new WebhookRefused(`${url.host} answered 410: it wants no more`)
    throw new SourceUnavailable(`${url.host} answered ${status.code}: ${status.text}`)
  }

  #parse(to: string): URL {
    const url = new URL(to)
    const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && this.options.allowLoopback)
    if (!isAllowed) throw new WebhookRefused(`${url.host}: only https is spoken; change ALERT_WEBHOOK_URLS`)
    return url
  }

  async #addressOf(url: URL, signal: AbortSignal): Promise<string> {
    const { allowLoopback, resolve = resolveName } = this.options
    const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new SourceUnavailable(`${url.host}: its name is not resolved`)))
    })
    // Raced below; after the race nobody waits for it.
    late.catch(() => undefined)
    const addresses = isIP(name) > 0 ? [name] : await Promise.race([resolve(name), late])
    const isAllowed = (address: string) =>
      url.protocol === 'https:' && isPublicAddress(address) ? true : allowLoopback && isLoopbackAddress(address)
    const refused = addresses.find((address) => !isAllowed(address))
    if (refused !== undefined)
      throw new WebhookRefused(`${url.host} is ${refused}, where alerts are not sent; see ALERT_WEBHOOK_URLS`)
    const [address] = addresses
    if (address === undefined) throw new SourceUnavailable(`${url.host} has no address`)
    return address
  }

  #headers(id: string, body: string, now: Date): Record<string, string> {
    const timestamp = String(Math.floor(now.getTime() / 1_000))
    return {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'tributary',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatureOf(this.options.secret, id, timestamp, body),
    }
  }

  #post(url: URL, address: string, headers: Record<string, string>, body: string, signal: AbortSignal) {
    return new Promise<{ code: number; text: string }>((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest
      const request = send(url, {
        method: 'POST',
        headers,
        signal,
        agent: false,
        // The name is never asked for again: the address that was looked at is the answer.
        lookup: (_name, { all }, answer) => {
          const family = isIP(address)
          if (all === true) answer(null, [{ address, family }])
          else answer(null, address, family)
        },
      })
      request.once('error', reject)
      request.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text = (text + chunk).slice(0, readAnswerBytes)
          if (text.length < readAnswerBytes) return
          resolve({ code: response.statusCode ?? 0, text })
          response.destroy()
        })
        response.once('end', () => resolve({ code: response.statusCode ?? 0, text }))
        response.once('error', reject)
      })
      request.end(body)
    })
  }
}

const resolveName = async (name: string): Promise<readonly string[]> => {
  try {
    return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address)
  } catch (cause) {
    throw new SourceUnavailable(`${name} cannot be resolved`, undefined, { cause })
  }
}

export const signatureOf = (secret: Secret, id: string, timestamp: string, body: string): string => {
  const [, encoded] = /^whsec_(.+)$/.exec(secret.reveal()) ?? []
  const key = encoded === undefined ? Buffer.from(secret.reveal()) : Buffer.from(encoded, 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
