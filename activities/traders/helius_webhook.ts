import { SourceChanged, SourceUnavailable, WebhookRefused } from '../../infra/errors.js'
import { type Clock, systemClock } from '../../infra/http/clock.js'
import { withoutSecrets } from '../../infra/http/http_client.js'
import { redact } from '../../infra/http/redaction.js'
import type { Secret } from '../../infra/secret.js'
import type { Helius, Webhook, WebhookDefinition } from './helius.js'

export interface WatchRequest {
  /** Where Helius is to deliver. Nothing: the user has not said. */
  readonly url?: string
  readonly auth?: Secret
  /** Best first; Helius takes 100,000, what is beyond is left out. */
  readonly addresses: readonly string[]
}

export type WebhookAction = 'unchanged' | 'created' | 'replaced' | 'reenabled' | 'kept' | 'unconfigured' | 'failed'

export interface WatchResult {
  readonly status: 'confirmed' | 'unconfigured' | 'failed'
  readonly action: WebhookAction
  readonly message: string
  readonly webhookId: string | null
  /** Without user, query and fragment. */
  readonly webhookUrl: string | null
  readonly sent: readonly string[]
  /** What Helius was seen to watch, in alphabetical order. */
  readonly confirmed: readonly string[] | null
  readonly isActive: boolean | null
}

/** Helius' limit of addresses per webhook. */
const maxAddresses = 100_000
/** A change, a look, and as many again for each thing that can be wrong; more means that it does not converge. */
const maxRounds = 16
/** Leaves room within the two minutes that a delivery may take. */
const patienceMs = 80_000

/**
 * Brings Helius to exactly one active `enhanced` webhook for the URL, watching exactly these addresses, and reads it back. Each round
 * reads what is there and changes one thing at most, so that a change whose outcome is unknown is looked for before it is tried
 * again. Where nobody is ranked no webhook is made, and one that is there is told to watch nobody; where Helius refuses that, it
 * is kept as it is. Never throws for what Helius does: the result says how it ended. Throws the signal's reason.
 */
export const syncWebhook = async (
  helius: Helius,
  request: WatchRequest,
  { clock = systemClock, signal }: { clock?: Clock; signal?: AbortSignal } = {},
): Promise<WatchResult> => {
  const { url } = request
  const sent = [...new Set(request.addresses)].slice(0, maxAddresses)
  const result = { webhookId: null, webhookUrl: null, sent, confirmed: null, isActive: null }
  if (url === undefined) {
    const message = 'no webhook was set up: set WEBHOOK_URL (and HELIUS_API_KEY) to have these wallets watched'
    return { ...result, status: 'unconfigured', action: 'unconfigured', message }
  }
  const secrets = secretsOf(url, request.auth)
  const shown = { ...result, webhookUrl: redact(withoutSecrets(url), secrets) }
  const auth = request.auth?.reveal()
  const wanted: Wanted = { url, auth, addresses: sent }
  const done: Change['kind'][] = []
  let made: string | undefined
  const startedAt = clock.now()
  let failure = 'Helius does not show the webhook as it was told to be'
  for (let round = 0, outages = 0; round < maxRounds && clock.now() - startedAt < patienceMs; round += 1) {
    let change: Change | undefined
    try {
      const ours = (await helius.list(signal)).filter(({ webhookURL }) => isSameUrl(webhookURL, url))
      if (made !== undefined && !ours.some(({ webhookID }) => webhookID === made))
        ours.push(await look(helius, made, signal))
      change = nextChange(ours, wanted, done)
      if (change === undefined) return { ...shown, ...confirmedBy(ours[0], done) }
      made = (await apply(helius, change, signal)) ?? made
      done.push(change.kind)
    } catch (error) {
      signal?.throwIfAborted()
      if (!isHelius(error)) throw error
      failure = redact(error.message, secrets)
      if (change?.kind === 'replace' && sent.length === 0 && error instanceof WebhookRefused) {
        const message = `nobody is ranked, and Helius refuses to watch nobody; the webhook is as it was: ${failure}`
        return { ...shown, status: 'failed', action: 'kept', message, webhookId: change.id }
      }
      if (!(error instanceof SourceUnavailable)) break
      const backoffMs = Math.min(8_000, 1_000 * 2 ** outages) * clock.random()
      outages += 1
      await clock.sleep(Math.min(error.retryAfterMs ?? backoffMs, patienceMs), signal)
    }
  }
  return { ...shown, status: 'failed', action: 'failed', message: failure }
}

const isHelius = (error: unknown): error is WebhookRefused | SourceUnavailable | SourceChanged =>
  error instanceof WebhookRefused || error instanceof SourceUnavailable || error instanceof SourceChanged

interface Wanted {
  readonly url: string
  readonly auth: string | undefined
  readonly addresses: readonly string[]
}

type Change =
  | { readonly kind: 'create'; readonly definition: WebhookDefinition }
  | { readonly kind: 'replace'; readonly id: string; readonly definition: WebhookDefinition }
  | { readonly kind: 'enable'; readonly id: string }
  | { readonly kind: 'remove'; readonly id: string }

/** The first thing that is not as wanted. The webhook that is kept comes first in `ours`, which is sorted here. */
const nextChange = (ours: Webhook[], wanted: Wanted, done: readonly Change['kind'][]): Change | undefined => {
  ours.sort((a, b) => Number(isEnhanced(b)) - Number(isEnhanced(a)) || (a.webhookID < b.webhookID ? -1 : 1))
  const [kept, ...others] = ours
  if (kept === undefined) {
    return wanted.addresses.length === 0 ? undefined : { kind: 'create', definition: define(wanted) }
  }
  const id = kept.webhookID
  // What a change has just written is not compared again where Helius may show it in another form.
  const isAuthAsWanted =
    done.includes('replace') || done.includes('create') || (kept.authHeader || undefined) === wanted.auth
  const isAsWanted =
    isEnhanced(kept) && isSameSet(kept.accountAddresses, wanted.addresses) && isSameSet(kept.transactionTypes, ['ANY'])
  if (!isAsWanted || !isAuthAsWanted) return { kind: 'replace', id, definition: define(wanted, kept) }
  if (!kept.active) return { kind: 'enable', id }
  const [other] = others
  return other === undefined ? undefined : { kind: 'remove', id: other.webhookID }
}

const define = ({ url, auth, addresses }: Wanted, existing?: Webhook): WebhookDefinition => ({
  webhookURL: url,
  webhookType: 'enhanced',
  transactionTypes: ['ANY'],
  accountAddresses: addresses,
  ...(auth === undefined ? {} : { authHeader: auth }),
  ...(existing?.encoding ? { encoding: existing.encoding } : {}),
  ...(existing?.txnStatus ? { txnStatus: existing.txnStatus } : {}),
})

/** Resolves to the id of a webhook that was made. */
const apply = async (helius: Helius, change: Change, signal?: AbortSignal): Promise<string | undefined> => {
  if (change.kind === 'create') return (await helius.create(change.definition, signal)).webhookID
  if (change.kind === 'replace') await helius.replace(change.id, change.definition, signal)
  else if (change.kind === 'enable') await helius.toggle(change.id, true, signal)
  else await helius.delete(change.id, signal)
  return undefined
}

/** A webhook just made may be missing from the list for a while; making another one would be no mend. */
const look = async (helius: Helius, id: string, signal?: AbortSignal): Promise<Webhook> => {
  const found = await helius.get(id, signal)
  if (found === undefined) throw new SourceUnavailable('Helius does not show the webhook that it made')
  return found
}

type Ending = Omit<WatchResult, 'sent' | 'webhookUrl'>

const confirmedBy = (kept: Webhook | undefined, done: readonly Change['kind'][]): Ending => {
  if (kept === undefined) {
    const message = 'nobody is ranked, and there is no webhook: none was made'
    return { status: 'unconfigured', action: 'unchanged', message, webhookId: null, confirmed: null, isActive: null }
  }
  const action = done.includes('create')
    ? 'created'
    : done.includes('replace')
      ? 'replaced'
      : done.includes('enable')
        ? 'reenabled'
        : 'unchanged'
  const removed = done.filter((kind) => kind === 'remove').length
  const confirmed = [...kept.accountAddresses].sort()
  const duplicates = removed === 0 ? '' : `; ${removed} more for the same URL removed`
  const message = `Helius watches ${confirmed.length} wallets (${action})${duplicates}`
  return { status: 'confirmed', action, message, webhookId: kept.webhookID, confirmed, isActive: kept.active }
}

const isEnhanced = ({ webhookType }: Webhook): boolean => webhookType === 'enhanced'

const isSameSet = (a: readonly string[], b: readonly string[]): boolean => {
  const set = new Set(a)
  return set.size === new Set(b).size && b.every((value) => set.has(value))
}

const isSameUrl = (a: string, b: string): boolean =>
  a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href)

/** What must not be told of a webhook: its shared secret, and what its URL carries besides the address. */
const secretsOf = (url: string, auth: Secret | undefined): string[] => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const ofUrl = parsed
    ? [parsed.search.slice(1), ...parsed.searchParams.values(), parsed.username, parsed.password]
    : [url]
  // A value as short as a version or a flag is no secret, and replacing it would spoil the message.
  return [...ofUrl, auth?.reveal() ?? ''].filter((secret) => secret.length >= 4)
}
