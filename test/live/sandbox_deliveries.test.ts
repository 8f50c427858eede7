import { afterAll, beforeAll, expect, test } from 'vitest'
import { toWebhookEvent } from '../../activities/traders/webhook_event.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { createMarket } from '../../infra/sandbox/market.js'
import { type Sandbox, startSandbox } from '../../infra/sandbox/server.js'
import { nativeSolAddress } from '../../schemas/traders/quote_assets.js'
import { type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'

const { market } = createMarket({ seed: 6, tokens: 3, wallets: 20, swaps: 2_000, startsAt: Date.UTC(2026, 7, 13) })
const dayMs = 86_400_000
const watched = market.wallets.slice(0, 5)
let receiver: ScriptedServer
let sandbox: Sandbox
let status = 200

beforeAll(async () => {
  receiver = await startScriptedServer((_, response) => sendJson(response, status, {}))
  sandbox = await startSandbox({ market, clock: () => market.nowMs, deliver: true, remoteControl: true })
  const body = JSON.stringify({
    webhookURL: `${receiver.url}/hook`,
    transactionTypes: ['ANY'],
    accountAddresses: watched,
    webhookType: 'enhanced',
    authHeader: 'a shared secret',
  })
  await fetch(`${sandbox.url}/v0/webhooks`, { method: 'POST', body })
})
afterAll(async () => {
  await sandbox.close()
  await receiver.close()
})

const post = async (path: string, body: object) =>
  JSON.parse(await (await fetch(`${sandbox.url}${path}`, { method: 'POST', body: JSON.stringify(body) })).text())
const deliveries = async () => JSON.parse(await (await fetch(`${sandbox.url}/sandbox/deliveries`)).text())
const until = async (isOver: (now: { acknowledged: number; lost: number }) => boolean) => {
  while (!isOver(await deliveries())) await new Promise((resolve) => setTimeout(resolve, 50))
}
const days = { from: new Date(market.nowMs - 30 * dayMs).toISOString(), to: new Date(market.nowMs).toISOString() }
/** Each once: a receiver on a busy machine may be too slow, and is then told again. */
const events = () =>
  [...new Set(receiver.asked.map(({ body }) => body))].flatMap((body) => parseLossless(body) as unknown[])

test('a month is delivered again: what the wallets swapped, with the secret, as transactions that balance', {
  timeout: 120_000,
}, async () => {
  const { transactions } = await post('/sandbox/replay', { ...days, speed: 10_000_000 })
  expect(transactions).toBeGreaterThan(20)
  await until(({ acknowledged, lost }) => acknowledged + lost === transactions)
  expect(receiver.asked.every(({ headers }) => headers.authorization === 'a shared secret')).toBe(true)
  const swapped = watched.flatMap((owner) =>
    (market.swaps.get(owner) ?? []).filter(
      ({ timeS }) => timeS > (market.nowMs - 30 * dayMs) / 1_000 && timeS <= market.nowMs / 1_000,
    ),
  )
  expect(new Set(swapped.map(({ transaction }) => transaction)).size).toBe(transactions)
  const changes = new Map<string, bigint>()
  for (const item of events()) {
    const event = toWebhookEvent(item, { origin: 'delivered', receivedAt: new Date() })
    if ('refused' in event) throw new Error(event.refused)
    let lamports = event.event.fee_lamports
    for (const { owner_address, asset_address, change_raw, lamports_change } of event.balances) {
      lamports += lamports_change
      const key = `${owner_address} ${asset_address}`
      changes.set(key, (changes.get(key) ?? 0n) + change_raw)
    }
    expect(lamports).toBe(0n)
  }
  for (const owner of watched) {
    for (const token of market.tokens) {
      const told = swapped
        .filter((swap) => swap.owner === owner)
        .reduce(
          (sum, { base, quote, baseChange, quoteChange }) =>
            sum +
            (base.address === token.address ? baseChange : 0n) +
            (quote.address === token.address ? quoteChange : 0n),
          0n,
        )
      expect(changes.get(`${owner} ${token.address}`) ?? 0n).toBe(told)
    }
    expect(changes.has(`${owner} ${nativeSolAddress}`)).toBe(true)
  }
})

test('a transaction is told by its signature, one that is not there yet is not', async () => {
  const [item] = events() as { signature: string }[]
  expect(await post('/v0/transactions', { transactions: [item?.signature, 'unknown'] })).toMatchObject([
    { signature: item?.signature },
  ])
  expect(await post('/v0/transactions', { transactions: [] })).toMatchObject({ error: { code: -32602 } })
})

test('a receiver that refuses is asked four times, and then the delivery is lost', { timeout: 120_000 }, async () => {
  status = 500
  receiver.asked.length = 0
  const from = new Date(market.nowMs - dayMs).toISOString()
  const before = (await deliveries()).lost
  const { transactions } = await post('/sandbox/replay', { ...days, from, speed: 10_000_000 })
  await until(({ lost }) => lost - before === transactions)
  expect(receiver.asked).toHaveLength(4 * transactions)
})
