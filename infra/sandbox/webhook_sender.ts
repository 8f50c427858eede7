import { setTimeout as sleep } from 'node:timers/promises'
import type { Webhook } from './helius.js'
import type { Market } from './market.js'
import { enhancedJson, type Transaction, transactionsBetween } from './transaction.js'

const TICK_MS = 250
/** As the vendor does it: within a second, and three times more, a second apart. */
const ANSWER_MS = 1_000
const RETRIES = 3
const RETRY_MS = 1_000
const AT_ONCE = 64

/** What became of the deliveries so far. */
export type SenderStatistics = {
  sent: number
  acknowledged: number
  attempts: number
  lost: number
  waiting: number
  replaying: boolean
}

/** A part of the market's time to be lived through again, so many times faster. */
export type Replay = { fromMs: number; toMs: number; speed: number }

export type Sender = {
  /** Resolves to the transactions that will be sent. */
  replay(replay: Replay): number
  statistics(): SenderStatistics
  close(): void
}

/**
 * Delivers the transactions of watched wallets as they happen, by the market's clock, and those of replays beside them. Who does not answer
 * in time is asked again as often as the vendor does it, and then the delivery is lost.
 */
export function createSender(market: Market, webhooks: () => Iterable<Webhook>, clock: () => number): Sender {
  const statistics: SenderStatistics = { sent: 0, acknowledged: 0, attempts: 0, lost: 0, waiting: 0, replaying: false }
  const queue: { webhook: Webhook; transaction: Transaction }[] = []
  let busy = 0
  let seenS = Math.floor(clock() / 1_000)
  let running: (Replay & { startedMs: number; seenS: number }) | undefined

  const send = (afterS: number, untilS: number) => {
    for (const webhook of webhooks()) {
      if (!webhook.active || webhook.webhookType !== 'enhanced' || !isReachable(webhook.webhookURL)) continue
      for (const owner of webhook.accountAddresses)
        for (const transaction of transactionsBetween(market, owner, afterS, untilS))
          queue.push({ webhook, transaction })
    }
    statistics.waiting = queue.length
    while (busy < AT_ONCE && queue.length > 0) void work()
  }
  const work = async () => {
    busy += 1
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await deliver(next.webhook, next.transaction)
    busy -= 1
    statistics.waiting = queue.length
  }
  const deliver = async ({ webhookURL, authHeader }: Webhook, transaction: Transaction) => {
    statistics.sent += 1
    for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
      if (attempt > 0) await sleep(RETRY_MS, undefined, { ref: false })
      statistics.attempts += 1
      const status = await post(webhookURL, authHeader, `[${enhancedJson(transaction)}]`)
      if (status === 200) {
        statistics.acknowledged += 1
        return
      }
      if (status === 403) break
    }
    statistics.lost += 1
  }
  const tick = () => {
    const nowS = Math.floor(clock() / 1_000)
    if (nowS > seenS) send(seenS, nowS)
    seenS = nowS
    if (running === undefined) return
    const reached = Math.min(running.toMs, running.fromMs + (Date.now() - running.startedMs) * running.speed)
    const reachedS = Math.floor(reached / 1_000)
    if (reachedS > running.seenS) send(running.seenS, reachedS)
    running.seenS = reachedS
    if (reached >= running.toMs) running = undefined
    statistics.replaying = running !== undefined
  }
  const timer = setInterval(tick, TICK_MS).unref()
  return {
    replay(replay) {
      const seen = Math.floor(replay.fromMs / 1_000)
      running = { ...replay, startedMs: Date.now(), seenS: seen }
      statistics.replaying = true
      let count = 0
      for (const webhook of webhooks())
        for (const owner of webhook.accountAddresses)
          count += transactionsBetween(market, owner, seen, Math.floor(replay.toMs / 1_000)).length
      return count
    },
    statistics: () => ({ ...statistics }),
    close: () => clearInterval(timer),
  }
}

const isReachable = (url: string): boolean => URL.canParse(url) && !new URL(url).hostname.endsWith('.invalid')

const post = async (url: string, authHeader: string | undefined, body: string): Promise<number | undefined> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authHeader === undefined ? {} : { authorization: authHeader }),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    await response.text()
    return response.status
  } catch {
    return undefined
  }
}
