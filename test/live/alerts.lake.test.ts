import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Helius } from '../../activities/traders/helius.js'
import { noFailpoint } from '../../infra/failpoint.js'
import { OutgoingWebhook } from '../../infra/http/outgoing_webhook.js'
import { Secret } from '../../infra/secret.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { traderActivityInput } from '../../schemas/traders/trader_activity_input.js'
import { type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'
import { addressOf, enhancedSwap, walletOf } from './events.js'
import { type LiveLake, openLiveLake } from './live_lake.js'

const secret = 'the secret of the alerts'
const webhookUrl = 'https://hooks.example.com/helius'
const [ann, ben, cem, dan] = ['ann', 'ben', 'cem', 'dan'].map(walletOf) as [string, string, string, string]
const [cat, dog] = [addressOf('cat'), addressOf('dog')] as [string, string]
const noon = Date.parse('2026-11-21T12:00:00Z')
const at = (minutes: number) => new Date(noon + minutes * 60_000)
const input = traderActivityInput.parse({ check: { everyMinutes: 0 } })

/** Helius with one webhook, which is off, and the transactions that it is asked for. */
let helius: ScriptedServer
const webhook = {
  webhookID: 'hook',
  webhookURL: webhookUrl,
  webhookType: 'enhanced',
  transactionTypes: ['ANY'],
  accountAddresses: [ann, ben, cem],
  active: false,
}
/** A receiver of alerts; what it answers is the test's to say. */
let receiver: ScriptedServer
let answer = 200
let live: LiveLake
let client: Helius

beforeAll(async () => {
  helius = await startScriptedServer(({ method, path, body }, response) => {
    if (path === '/v0/transactions') {
      const { transactions } = JSON.parse(body) as { transactions: string[] }
      return sendJson(
        response,
        200,
        events.filter(({ signature }) => transactions.includes(signature)),
      )
    }
    if (method === 'PATCH') Object.assign(webhook, JSON.parse(body))
    return sendJson(response, 200, path === '/v0/webhooks' ? [webhook] : webhook)
  })
  receiver = await startScriptedServer((_, response) => sendJson(response, answer, {}))
  client = new Helius({ baseUrl: helius.url })
  live = await openLiveLake({
    helius: client,
    webhookUrl,
    receivers: {
      urls: [new Secret(`${receiver.url}/alerts?key=canary`)],
      webhook: new OutgoingWebhook({ secret: new Secret(secret), allowLoopback: true }),
    },
  })
  await live.watch('2026-11-21T11:00:00Z', [ann, ben, cem])
})
afterAll(async () => {
  await live.close()
  client.close()
  await Promise.all([helius.close(), receiver.close()])
})

const buy = (wallet: string, token: string, minutes: number, side: 'buy' | 'sell' = 'buy') =>
  enhancedSwap({ seed: `${wallet} ${token} ${minutes} ${side}`, wallet, token, side, at: at(minutes) })
const missedSwap = buy(cem, dog, 20)
const events = [missedSwap]

const pass = async (minutes: number) => {
  const asOf = at(minutes).toISOString()
  await live.activities.deriveTrades({ asOf })
  return live.activities.raiseAlerts({ asOf, alerts: input.alerts })
}
const alerts = (kind: string) =>
  live.rows(`SELECT * FROM lake.traders_gold.trader_alerts WHERE kind = '${kind}' ORDER BY occurred_at, alert_id`)
const outbox = () =>
  live.rows(
    'SELECT status, attempts, delivery_id, last_error, receiver FROM lake.traders_live.alert_deliveries ORDER BY delivery_id',
  )

test('a trade of a watched wallet is told of once, one of another not', async () => {
  const event = buy(ann, cat, 0)
  await live.deliver(event, buy(dan, cat, 1))
  await pass(2)
  await live.deliver(event)
  await pass(3)
  expect((await pass(4)).receipt).toBeUndefined()
  expect(await alerts('trade')).toMatchObject([
    {
      alert_id: `trade/${event.signature}/${ann}/${cat}`,
      wallet_address: ann,
      token_address: cat,
      message: `${ann} bought 5000 of ${cat} for 2 SOL`,
    },
  ])
  expect(JSON.parse(String((await alerts('trade'))[0]?.['details']))).toMatchObject({
    side: 'buy',
    quantity_raw: '5000000000',
    counter_quantity_raw: '2000000000',
  })
})

test('two passes at once raise each alert once', async () => {
  await live.deliver(buy(ann, dog, -100), buy(ann, dog, -99, 'sell'))
  await live.activities.deriveTrades({ asOf: at(5).toISOString() })
  const raise = (seconds: number) =>
    live.activities
      .raiseAlerts({ asOf: new Date(noon + 300_000 + seconds * 1_000).toISOString(), alerts: input.alerts })
      .catch((error: unknown) => String(error))
  const results = await Promise.all([raise(1), raise(2)])
  // The later one has to look again.
  expect(results.filter((result) => typeof result === 'string' && !result.includes('was committed to'))).toEqual([])
  expect((await alerts('trade')).filter((row) => row['token_address'] === dog)).toHaveLength(2)
})

test('several that buy one token within half an hour are told of once for as long as they go on', async () => {
  await live.deliver(buy(ben, cat, 10))
  await pass(11)
  expect(await alerts('cluster')).toMatchObject([
    { token_address: cat, message: `2 watched wallets bought ${cat} within 30 minutes` },
  ])
  // A third, one that comes late from before, and one of a wallet that nobody watches.
  await live.deliver(buy(cem, cat, 15), buy(cem, cat, 5), buy(dan, cat, 16))
  await pass(17)
  expect(await alerts('cluster')).toHaveLength(1)
  // An hour later it is another crowd; a single wallet that buys twice is none.
  await live.deliver(buy(ann, cat, 90), buy(ann, cat, 95), buy(ben, cat, 100))
  await pass(101)
  expect((await alerts('cluster')).map(({ alert_id }) => alert_id)).toEqual([
    `cluster/${cat}/${buy(ben, cat, 10).signature}`,
    `cluster/${cat}/${buy(ben, cat, 100).signature}`,
  ])
})

test('a pass that was overtaken by another looks again before it tells anything', async () => {
  const fox = addressOf('fox')
  await live.deliver(buy(ann, fox, 300), buy(ben, fox, 310))
  await live.activities.deriveTrades({ asOf: at(310).toISOString() })
  let isOvertaken = false
  live.places.at = async (place) => {
    if (place !== 'commit.staged' || isOvertaken) return
    isOvertaken = true
    // The crowd has begun earlier than the first pass had found.
    await live.deliver(buy(cem, fox, 295))
    await pass(311)
  }
  const first = live.activities.raiseAlerts({ asOf: at(312).toISOString(), alerts: input.alerts })
  await expect(first).rejects.toThrow('traders_live was committed to')
  live.places.at = noFailpoint
  await pass(313)
  expect((await alerts('cluster')).filter((row) => row['token_address'] === fox)).toMatchObject([
    { alert_id: `cluster/${fox}/${buy(ann, fox, 300).signature}` },
  ])
})

test('a tier is told of when a published run changes it, the first run’s not', async () => {
  await live.rank('2026-11-21T12:00:00.000Z', { [ann]: 'elite', [ben]: 'strong' })
  await pass(110)
  expect(await alerts('tier')).toEqual([])
  await live.rank('2026-11-21T18:00:00.000Z', { [ben]: 'elite', [cem]: 'promising' })
  await pass(111)
  await pass(112)
  expect((await alerts('tier')).map(({ message }) => message).sort()).toEqual(
    [
      `${ann} is ranked no more; it was elite`,
      `${ben} is elite now, rank 1; it was strong`,
      `${cem} is ranked now, tier promising, rank 2`,
    ].sort(),
  )
})

test('every alert lies in the outbox from its commit on, and is sent until it is taken, always under its id', async () => {
  const raised = await live.rows('SELECT alert_id FROM lake.traders_gold.trader_alerts')
  expect(await outbox()).toHaveLength(raised.length)
  const deliver = () => live.activities.deliverAlerts({ asOf: new Date().toISOString() })
  answer = 500
  const { nextInMs } = await deliver()
  expect(nextInMs).toBeLessThanOrEqual(5_000)
  expect((await outbox()).every((row) => row['status'] === 'pending' && row['attempts'] === 1)).toBe(true)
  expect((await outbox())[0]?.['last_error']).toContain('answered 500')
  // Nothing is due before its time.
  expect((await deliver()).receipt).toBeUndefined()
  answer = 200
  await sleep(5_200)
  expect((await deliver()).nextInMs).toBeUndefined()
  expect((await outbox()).every((row) => row['status'] === 'delivered' && row['attempts'] === 2)).toBe(true)
  const ids = receiver.asked.map(({ headers }) => headers['webhook-id'])
  expect([new Set(ids).size, ids.length]).toEqual([raised.length, 2 * raised.length])
  for (const { headers, body } of receiver.asked) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
  }
  const bodies = new Map(receiver.asked.map(({ headers, body }) => [headers['webhook-id'], body]))
  expect(receiver.asked.every(({ headers, body }) => bodies.get(headers['webhook-id']) === body)).toBe(true)
  expect(JSON.stringify(await live.rows('FROM lake.traders_live.alert_deliveries'))).not.toContain('canary')
})

test('what polling found and no delivery told of is fetched, told of, and the webhook is switched on again', async () => {
  const delivered = buy(ann, cat, 90)
  const polled = (wallet: string, signature: string, token: string, minutes: number, change: bigint) => ({
    ...transactionHistory.example,
    wallet_address: wallet,
    tx_hash: signature,
    block_time: at(minutes),
    base_address: token,
    base_change_raw: change,
    quote_change_raw: -2_000_000_000n,
  })
  await live.write(tradersBronze, transactionHistory, [
    polled(ann, delivered.signature, cat, 90, 5_000_000_000n),
    polled(ben, buy(ben, cat, 100).signature, cat, 100, 4_999_999_999n),
    polled(cem, missedSwap.signature, dog, 20, 5_000_000_000n),
    // Before the webhook, of nobody, and too young to be missed.
    polled(cem, 'before', dog, -120, 1n),
    polled(dan, 'unwatched', dog, 20, 1n),
    polled(cem, 'young', dog, 198, 1n),
  ])
  const asOf = at(200).toISOString()
  await live.activities.checkWebhook({ asOf, check: input.check })
  await live.activities.checkWebhook({ asOf, check: input.check })
  expect(await live.rows('SELECT * EXCLUDE (as_of, last_received_at) FROM lake.traders_live.webhook_checks')).toEqual([
    {
      status: 'mended',
      message: expect.stringContaining('reenabled'),
      webhook_id: 'hook',
      is_active: true,
      polled_trades: '3',
      agreeing_trades: '1',
      differing_trades: '1',
      missed_transactions: '1',
      fetched_transactions: '1',
    },
  ])
  expect(webhook.active).toBe(true)
  await pass(201)
  expect(
    await live.rows(`SELECT origin, side FROM lake.traders_live.trades WHERE signature = '${missedSwap.signature}'`),
  ).toEqual([{ origin: 'fetched', side: 'buy' }])
  expect((await alerts('trade')).filter(({ signature }) => signature === missedSwap.signature)).toHaveLength(1)
  await live.activities.checkWebhook({ asOf: at(202).toISOString(), check: input.check })
  const [last] = await live.rows(
    'SELECT status, missed_transactions, agreeing_trades FROM lake.traders_live.webhook_checks ORDER BY as_of DESC LIMIT 1',
  )
  expect(last).toEqual({ status: 'active', missed_transactions: '0', agreeing_trades: '2' })
  const seldom = { ...input.check, everyMinutes: 60 }
  expect((await live.activities.checkWebhook({ asOf: at(203).toISOString(), check: seldom })).note).toBe('not due')
})
