/**
 * How long a delivery waits for its answer: our receiver, with its spool on this disk and a real HTTP server, sent at a fixed rate
 * whatever becomes of the deliveries before (so that a slow answer is not hidden by a slow sender). The sender is a process of its own.
 * Meanwhile the product's drain empties the spool as it does in life, up to the rows that it would hand to the lake: DuckDB works in
 * threads of its own. A delivery is one enhanced transaction with `--bytes` of what is kept and not looked at.
 *
 *   npm run bench -- receiver [--rate 500] [--seconds 20] [--bytes 8000] [--warm-up 3]
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { readTransactions, tellings } from '../activities/traders/commit_deliveries.js'
import { noFailpoint } from '../infra/failpoint.js'
import { Secret } from '../infra/secret.js'
import { Spool } from '../infra/spool/spool.js'
import { DeliveryDrain } from '../worker/api/delivery_drain.js'
import { heliusDeliveries } from '../worker/api/routes/helius_deliveries.js'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    bytes: { type: 'string', default: '8000' },
    'warm-up': { type: 'string', default: '3' },
    target: { type: 'string' },
  },
})
const [rate, seconds, bytes] = [Number(values.rate), Number(values.seconds), Number(values.bytes)]
/** Sent like the others and not counted: code is compiled and connections are opened. */
const warmUp = rate * Number(values['warm-up'])
const secret = 'the secret of the bench'

/** Four accounts and two tokens, as a swap against a pool has them. */
const transaction = (number: number, description: string) => {
  const account = (name: string) => `${name}${number}`.padEnd(44, 'x')
  const change = (owner: string, mint: string, tokenAmount: string) => ({
    userAccount: account(owner),
    tokenAccount: account(`${owner}${mint}`),
    mint,
    rawTokenAmount: { tokenAmount, decimals: 6 },
  })
  const tokens = [change('w', 'token', '5000'), change('p', 'token', '-5000'), change('p', 'wsol', '2000')]
  return {
    description,
    type: 'SWAP',
    source: 'PUMP_AMM',
    fee: 5000,
    feePayer: account('w'),
    signature: `bench-${number}`.padEnd(88, 'x'),
    slot: 301_234_567,
    timestamp: 1_795_000_000,
    accountData: [
      { account: account('w'), nativeBalanceChange: -7000, tokenBalanceChanges: [] },
      ...tokens.map((each) => ({ account: each.tokenAccount, nativeBalanceChange: 0, tokenBalanceChanges: [each] })),
    ],
    transactionError: null,
  }
}

/** As many connections as a busy sender would hold open. */
const agent = new Agent({ keepAlive: true, maxSockets: 128 })

const post = (target: string, body: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: secret,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const asked = request(target, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    asked.once('error', reject)
    asked.end(body)
  })

/** Sends at the rate and prints how the answers came. */
const send = async (target: string): Promise<void> => {
  const pad = 'x'.repeat(bytes)
  const body = (number: number) => JSON.stringify([transaction(number, pad)])
  const waits: number[] = []
  let failed = 0
  const deliver = async (number: number) => {
    const start = performance.now()
    const status = await post(target, body(number)).catch(() => undefined)
    if (status !== 200) failed += 1
    else if (number >= warmUp) waits.push(performance.now() - start)
  }
  const all: Promise<void>[] = []
  const begin = performance.now()
  for (let number = 0; number < warmUp + rate * seconds; number += 1) {
    const dueMs = (number / rate) * 1_000 - (performance.now() - begin)
    if (dueMs > 1) await sleep(dueMs)
    all.push(deliver(number))
  }
  await Promise.all(all)
  const took = (performance.now() - begin) / 1_000
  waits.sort((one, other) => one - other)
  const at = (share: number) => (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0).toFixed(1)
  console.log(
    `${waits.length} of ${rate * seconds} deliveries of ${bytes} bytes in ${took.toFixed(1)} s (${((waits.length + warmUp) / took).toFixed(0)}/s with those before), ${failed} failed; ` +
      `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  )
}

if (values.target !== undefined) {
  await send(values.target)
} else {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
  const spool = await Spool.open({ folder })
  let drained = 0
  const drain = new DeliveryDrain({
    spool,
    commit: async ({ deliveries }) => {
      const { events } = await readTransactions(tellings(deliveries))
      drained += events.length
    },
    committed: async () => undefined,
    log: console.error,
    failpoint: noFailpoint,
  })
  drain.start()
  const router = heliusDeliveries({ spool, secrets: [new Secret(secret)], taken: () => drain.taken() })
  const server = createAdaptorServer({ fetch: router.fetch })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const before = process.cpuUsage()
  const target = `http://127.0.0.1:${port}/webhooks/helius`
  const options = ['rate', 'seconds', 'bytes', 'warm-up'].flatMap((name) => [
    `--${name}`,
    String(values[name as 'rate']),
  ])
  const child = fork(fileURLToPath(import.meta.url), ['--target', target, ...options], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
  await drain.stop()
  for (const segment of await spool.sealed()) drained += (await segment.read()).records.length
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${drained} transactions became rows; receiver and drain took ${((user + system) / 1_000 / drained).toFixed(2)} ms of CPU a delivery; load of the machine ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`,
  )
  server.close()
  await spool.close()
  await rm(folder, { recursive: true })
}
