import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inLake } from '../../infra/lake/identifier.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { openScratchLake, type ScratchLake } from '../lake/scratch_lake.js'
import { addressOf, enhancedSwap } from './events.js'
import { compileReceiver, type ReceiverChild, type ReceiverHome, startReceiver } from './receiver_child.js'

const secret = 'a shared secret of the kill test'
let scratch: ScratchLake
let home: ReceiverHome

beforeAll(async () => {
  await compileReceiver()
  scratch = await openScratchLake([tradersBronze], 'postgres')
  const { catalog, data, extensionDirectory } = scratch.options
  if (catalog.kind !== 'postgres' || data.kind !== 'folder') throw new Error('not the scratch lake that was asked for')
  home = { home: `${scratch.folder}/home`, data: data.path, address: catalog.address, extensionDirectory, secret }
}, 300_000)
afterAll(() => scratch.close())

/** Sends events until told to stop, each again until it is acknowledged, as Helius does while it has patience. */
const load = (lanes: number) => {
  const sent = new Map<string, boolean>()
  let target: string | undefined
  let stopped = false
  let refused = 0
  const deliver = async (number: number) => {
    const event = enhancedSwap({
      seed: `kill ${number}`,
      wallet: addressOf('wallet'),
      token: addressOf('token'),
      side: number % 2 === 0 ? 'buy' : 'sell',
      at: new Date('2026-11-21T12:00:00Z'),
    })
    sent.set(event.signature, false)
    for (let attempt = 0; attempt < 3 && !stopped; attempt += 1) {
      try {
        const response = await fetch(target ?? '', {
          method: 'POST',
          headers: { authorization: secret, 'content-type': 'application/json' },
          body: JSON.stringify([event]),
          signal: AbortSignal.timeout(5_000),
        })
        await response.text()
        if (response.status !== 200) throw new Error(`answered ${response.status}`)
        sent.set(event.signature, true)
        return
      } catch {
        refused += 1
        await sleep(20)
      }
    }
  }
  let next = 0
  const lane = async () => {
    while (!stopped) {
      if (target === undefined) {
        await sleep(20)
        continue
      }
      next += 1
      await deliver(next)
    }
  }
  const done = Promise.all(Array.from({ length: lanes }, lane))
  return {
    aim: (url: string | undefined) => {
      target = url
    },
    stop: async () => {
      stopped = true
      await done
      const acknowledged = [...sent].filter(([, isAcknowledged]) => isAcknowledged).map(([signature]) => signature)
      return { acknowledged, sent: sent.size, refused }
    },
  }
}

const stored = (): Promise<string[]> =>
  scratch.lake.session(async (session) =>
    (await session.all(`SELECT signature FROM ${inLake(webhookEvents.name)}`)).map((row) => String(row['signature'])),
  )

// Between a commit and the removal of its file, inside COMMIT, and at any time.
const deaths = [
  'drain.committed:2:kill',
  'commit.before_commit:1:kill+15ms',
  'commit.committed:1:kill',
  900,
  1_700,
  'drain.committed:1:kill',
]

test('what was acknowledged is in the lake once, however often the receiver is killed under load', {
  timeout: 300_000,
}, async () => {
  const sender = load(24)
  for (const death of deaths) {
    const receiver = await startReceiver(home, typeof death === 'string' ? death : undefined)
    if (receiver === undefined) continue
    sender.aim(receiver.url)
    if (typeof death === 'number') {
      await sleep(death)
      receiver.process.kill('SIGKILL')
    }
    await receiver.ended
    sender.aim(undefined)
  }
  const last: ReceiverChild | undefined = await startReceiver(home)
  if (last === undefined) throw new Error('the receiver does not start')
  sender.aim(last.url)
  await sleep(1_000)
  const { acknowledged, sent, refused } = await sender.stop()
  const missing = async () => {
    const there = new Set(await stored())
    return acknowledged.filter((signature) => !there.has(signature))
  }
  const deadline = Date.now() + 60_000
  while ((await missing()).length > 0 && Date.now() < deadline) await sleep(200)
  last.process.kill('SIGKILL')
  await last.ended
  const all = await stored()
  console.log(
    `${deaths.length} kills, ${sent} deliveries sent, ${refused} attempts lost, ${acknowledged.length} acknowledged, ${all.length} stored`,
  )
  expect(acknowledged.length).toBeGreaterThan(100)
  expect(await missing()).toEqual([])
  expect(new Set(all).size).toBe(all.length)
})
