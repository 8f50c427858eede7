import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { createMarket } from '../../infra/sandbox/market.js'
import { transactionsBetween } from '../../infra/sandbox/transaction.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { openPage, startBrowser } from '../browser/browser.js'
import { accessibilityProblems } from '../dashboard/accessibility.js'
import { type ScriptedServer, sendJson, startScriptedServer } from '../infra/scripted_server.js'
import { childOf, killed } from './home_processes.js'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { query, type Running, start, tributary } from './tributary.js'

const browser = process.platform === 'linux' ? await startBrowser() : undefined
/** Of the documents: made again with `UPDATE_PICTURES=1`. */
const pictures = path.join(loadConfig({}).projectRoot, 'docs', 'pictures')
const dayMs = 86_400_000
/** Two days in half a minute. */
const speed = (2 * dayMs) / 30_000

let scratch: ScratchHome
let receiver: ScriptedServer
let up: Running
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  scratch = await scratchHome()
  receiver = await startScriptedServer((_, response) => sendJson(response, 200, {}))
  environment = {
    ALERT_WEBHOOK_URLS: `${receiver.url}/alerts`,
    ALERT_WEBHOOK_SECRET: 'the secret of the demonstration',
    ALERT_WEBHOOK_ALLOW_LOOPBACK: 'true',
  }
  up = start(scratch.home, ['up'], environment)
  await up.until(/running until Ctrl-C/)
})
afterAll(async () => {
  await browser?.close()
  up.kill('SIGINT')
  await up.ended
  await scratch.remove()
  await receiver.close()
})

const run = async (asOf: string) => {
  const { code, stderr } = await tributary(
    scratch.home,
    ['run', 'traders', '--wait', '--input', JSON.stringify({ asOf, tokens: { limit: 20 } })],
    environment,
  )
  expect([code, stderr]).toEqual([0, expect.anything()])
}
const addresses = async () => {
  const { stdout } = await tributary(scratch.home, ['status'], environment)
  const address = (pattern: RegExp) => pattern.exec(stdout)?.[1] ?? ''
  return {
    sandbox: address(/(http:\/\/127\.0\.0\.1:84\d\d)/),
    temporal: address(/temporal\s+(127\.0\.0\.1:\d+)/i),
    stdout,
  }
}
const kill = (command: RegExp) => killed(childOf(scratch.home, up.pid, command))
const column = (rows: readonly Record<string, unknown>[], name: string) => rows.map((row) => String(row[name]))

test('two days lived through again: receiver, worker and Temporal are killed, nothing is lost, every alert goes out', {
  timeout: 1_200_000,
}, async () => {
  const { sandbox, temporal, stdout } = await addresses()
  expect([sandbox, temporal].includes(''), stdout).toBe(false)
  const now = new Date(Math.floor(Date.now() / 1_000) * 1_000)
  const before = new Date(now.getTime() - 2 * dayMs)
  await run(before.toISOString())
  const [subscription] = await query(scratch.home, 'SELECT sent_addresses FROM traders_gold.webhook_subscription')
  const watched: string[] = JSON.parse(String(subscription?.['sent_addresses']))

  const { startsAt } = JSON.parse(readFileSync(path.join(scratch.home, 'sandbox.json'), 'utf8'))
  const { market } = createMarket({
    seed: 1,
    tokens: 50,
    wallets: 300,
    swaps: 40_000,
    startsAt,
    historyDays: 100,
    futureDays: 31,
  })
  const expected = watched.flatMap((owner) =>
    transactionsBetween(market, owner, before.getTime() / 1_000, now.getTime() / 1_000),
  )
  const connection = await Connection.connect({ address: temporal })
  const client = new Client({ connection })
  const schedule = client.schedule.getHandle('trader-activity')
  // What fires every five minutes of a day does so every ten seconds of these.
  await schedule.update(({ spec: _, ...previous }) => ({ ...previous, spec: { intervals: [{ every: '10s' }] } }))

  const body = JSON.stringify({ from: before, to: now, speed })
  const replay = await fetch(`${sandbox}/sandbox/replay`, { method: 'POST', body })
  expect(await replay.json()).toEqual({ transactions: expected.length })

  await sleep(6_000)
  kill(/cli\.js api\b/)
  await sleep(6_000)
  kill(/cli\.js worker\b/)
  await sleep(6_000)
  const serverDiedAt = Date.now()
  kill(/temporal server start-dev/)
  await up.until(/Temporal ended unasked \(exit SIGKILL\) and is started again/)
  const deliveries = async () => JSON.parse(await (await fetch(`${sandbox}/sandbox/deliveries`)).text())
  let sent = await deliveries()
  while (sent.replaying || sent.waiting > 0 || sent.acknowledged + sent.lost < sent.sent) {
    await sleep(500)
    sent = await deliveries()
  }

  const firedAt = async () => (await schedule.describe()).info.recentActions.map(({ takenAt }) => takenAt.getTime())
  while (!(await firedAt()).some((at) => at > serverDiedAt)) await sleep(500)
  const { numActionsTaken: fired } = (await schedule.describe()).info
  await schedule.pause()

  await run(now.toISOString())
  await client.workflow.execute('traderActivity', {
    taskQueue: 'traders',
    workflowId: `traders/trader-activity/${now.toISOString()}`,
    args: [{ check: { everyMinutes: 0, graceMinutes: 0 } }],
  })
  await connection.close()

  const events = await query(scratch.home, 'SELECT signature, origin FROM traders_bronze.webhook_events')
  const there = new Set(column(events, 'signature'))
  expect(expected.filter(({ signature }) => !there.has(signature))).toEqual([])
  expect(there.size).toBe(events.length)
  const alerts = await query(scratch.home, 'SELECT kind, alert_id FROM traders_gold.trader_alerts')
  const untold = await query(
    scratch.home,
    `SELECT * FROM traders_live.trades ANTI JOIN traders_gold.trader_alerts USING (signature, wallet_address, token_address)
    WHERE wallet_address IN (${watched.map((wallet) => `'${wallet}'`).join(', ')})`,
  )
  expect(untold).toEqual([])
  const outbox = await query(
    scratch.home,
    "SELECT count(*) FILTER (status = 'delivered')::INTEGER AS delivered FROM traders_live.alert_deliveries",
  )
  expect(Number(outbox[0]?.['delivered'])).toBe(alerts.length)
  const told = receiver.asked.map(({ headers }) => headers['webhook-id'])
  expect(new Set(told).size).toBe(alerts.length)
  const [check] = await query(
    scratch.home,
    'SELECT polled_trades, agreeing_trades, differing_trades, missed_transactions, fetched_transactions FROM traders_live.webhook_checks ORDER BY as_of DESC LIMIT 1',
  )
  // What deliveries bring between runs is no run: `replay` and `backfill` ask for these.
  const runs = await query(
    scratch.home,
    "SELECT DISTINCT logical_run FROM meta.commits WHERE pipeline = 'traders' ORDER BY ALL",
  )
  expect(column(runs, 'logical_run')).toEqual([before.toISOString(), now.toISOString()])
  const ofKind = (kind: string) => column(alerts, 'kind').filter((each) => each === kind).length
  console.log(
    `${expected.length} transactions of ${watched.length} wallets in two days; ${sent.acknowledged} deliveries acknowledged in ${sent.attempts} attempts, ${sent.lost} lost while the receiver was down, ` +
      `${column(events, 'origin').filter((origin) => origin === 'fetched').length} fetched afterwards; ${ofKind('trade')} trades, ${ofKind('cluster')} clusters, ${ofKind('tier')} tiers told in ${told.length} requests; the schedule fired ${fired} times; last check ${JSON.stringify(check)}`,
  )
  expect(ofKind('trade')).toBeGreaterThan(0)
  expect(ofKind('tier')).toBeGreaterThan(0)
})

test.skipIf(browser === undefined)('the dashboard shows what came', async () => {
  if (browser === undefined) return
  const dashboard = (await homeHolder(scratch.home))?.details['dashboard']
  const { page, problems, close } = await openPage(browser, { viewport: { width: 1280, height: 860 } })
  for (const [table, route] of [
    ['traders_live.trades', '/live/trades'],
    ['traders_gold.trader_alerts', '/live/alerts'],
  ]) {
    const [{ n } = { n: undefined }] = await query(scratch.home, `SELECT count(*)::INTEGER AS n FROM ${table}`)
    const { items, total } = JSON.parse(await (await fetch(`${dashboard}/api/v1${route}?limit=5`)).text())
    expect([items.length, total], route).toEqual([5, n])
  }
  await page.goto(`${dashboard}/live`)
  for (const caption of [/newest alerts/, /bought or sold/, /newest on top/])
    expect(
      await page.getByRole('table', { name: caption }).locator('tbody tr').count(),
      String(caption),
    ).toBeGreaterThan(5)
  expect(await accessibilityProblems(page)).toEqual([])
  if (process.env['UPDATE_PICTURES'])
    await page.screenshot({ path: path.join(pictures, 'live_light.png'), fullPage: true })
  expect(problems).toEqual([])
  await close()
})
