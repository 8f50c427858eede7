import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { createRandom } from '../../infra/sandbox/random.js'
import { Secret } from '../../infra/secret.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type RunningSeaweed, startSeaweed } from '../../infra/stack/seaweed.js'
import { faultlessHashes } from './faultless.js'
import type { Figures } from './figures.js'
import { type AcknowledgedReceipt, startLife } from './life.js'
import { createSchedule } from './schedule.js'
import { startStoreProxy, storeFaults } from './store_proxy.js'
import { verify } from './verify.js'
import { createWorld, type Machine } from './world.js'

const scheduleLength = 16
const bucket = 'chaos'
/** One request in so many is spoiled, until every kind of fault has been there this often. */
const requestsBetweenFaults = 4
const faultsOfKind = 3
/** A writer that hangs in its object store is killed, as Temporal's timeout and the supervisor would see to. */
const patienceMs = 90_000

/**
 * F6: an S3 server answers 500 and 503, stalls, breaks off in the middle of its answers, and does what it is asked without the
 * answer arriving. What the writer says it committed is there, readable, once.
 */
export const storeFaultWorld = async (machine: Machine, seed: number, figures: Figures): Promise<void> => {
  const complain = (what: string) => figures.fail('F6', seed, 'file', what)
  const random = createRandom(seed, 8)
  const folder = path.join(machine.folder, `store-${seed}`)
  const server = await startStore(machine, folder)
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const s3 = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true })
  const proxy = await startStoreProxy(endpoint)
  const url = `s3://${bucket}/lake`
  const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }
  const world = await createWorld(machine, 'file', {
    data: { kind: 's3', url, bucket, prefix: 'lake', endpoint, region, keys },
    environment: {
      ...{ LAKE_DATA: url, S3_ENDPOINT: proxy.endpoint, AWS_REGION: region },
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    },
  })
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const deck = storeFaults.flatMap((fault) => Array.from({ length: faultsOfKind }, () => fault))
    const acknowledged = new Map<number, AcknowledgedReceipt>()
    let output = ''
    let done = false
    while (!done) {
      const task = { seed, length: scheduleLength, from: 0, snapshots: {}, reads: false, httpTimeoutSeconds: 2 }
      const life = startLife(machine, world, task, {
        onEvent: ({ event }) => {
          if (event !== 'ready') return
          proxy.onRequest = () =>
            random.chance(1 / requestsBetweenFaults) ? deck.splice(random.integer(deck.length), 1)[0] : undefined
        },
      })
      const ended = await Promise.race([life.ended, sleep(patienceMs, undefined, { ref: false })])
      if (ended === undefined) {
        figures.count('writers that hung in the object store and were killed')
        life.process.kill('SIGKILL')
      }
      output += (await life.ended).output
      for (const event of life.events) {
        if (event.event === 'failed') figures.count('errors of the object store that a step was tried again after')
        if (event.event === 'committed') acknowledged.set(event.index, event.receipt)
      }
      done = life.events.at(-1)?.event === 'done'
      if (!done && ended !== undefined) {
        complain(`the writer did not get through: ${ended.output.slice(-2_000)}`)
        return
      }
    }
    figures.count('faults of the object store', storeFaults.length * faultsOfKind - deck.length)
    const steps = createSchedule(seed, scheduleLength)
    const faultless = await faultlessHashes(machine, steps)
    figures.add(await verify(world, { steps, acknowledged, faultless, output }), complain)
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    s3.destroy()
    await proxy.close()
    await server.stop()
    await world.close()
  }
}

/** Its ports are looked for and then bound: somebody else may be between. */
const startStore = async (machine: Machine, folder: string): Promise<RunningSeaweed> => {
  const program = await machine.weed()
  for (let attempt = 1; ; attempt += 1) {
    const own = path.join(folder, String(attempt))
    try {
      const registry = new ProcessRegistry(own)
      return await startSeaweed({ program, folder: own, logFile: path.join(own, 'weed.log'), registry })
    } catch (error) {
      if (attempt === 4) throw error
      await sleep(Math.random() * 2_000)
    }
  }
}
