import path from 'node:path'
import { libpqString } from '../../infra/postgres_address.js'
import { createRandom, type Random } from '../../infra/sandbox/random.js'
import { freePort } from '../../infra/stack/port.js'
import { startPostgres } from '../../infra/stack/postgres.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { type CatalogFault, type CatalogProxy, startCatalogProxy } from './catalog_proxy.js'
import { faultlessHashes } from './faultless.js'
import type { Figures } from './figures.js'
import { type AcknowledgedReceipt, startLife, type WriterEvent } from './life.js'
import { createSchedule } from './schedule.js'
import { verify } from './verify.js'
import { createWorld, type Machine } from './world.js'

const scheduleLength = 8
/** A connection is broken at one message in so many, besides at COMMITs. */
const messagesBetweenFaults = 60
/** So that the worlds end. */
const faultLimit = 8

export const catalogFaultKinds = ['connections are reset', 'the server is killed', 'errors in German'] as const

/**
 * F5: PostgreSQL breaks connections before and after COMMIT, dies at a COMMIT and comes back, or speaks another language while two
 * writers collide. The writer is told of every error, tries again as Temporal would, and must end with the oracle's lake.
 */
export const catalogFaultWorld = async (machine: Machine, seed: number, figures: Figures): Promise<void> => {
  const complain = (what: string) => figures.fail('F5', seed, 'postgres', what)
  const random = createRandom(seed, 7)
  const kind = catalogFaultKinds[seed % catalogFaultKinds.length] ?? 'connections are reset'
  const own = kind === 'the server is killed' ? await startOwnServer(machine, seed) : undefined
  const world = await createWorld({ ...machine, server: own?.address() ?? machine.server }, 'postgres')
  const { catalog } = world.options
  if (catalog.kind !== 'postgres') throw new Error('this world has a PostgreSQL')
  const proxy = await startCatalogProxy(catalog.address.host, catalog.address.port)
  try {
    await (await world.open()).close()
    proxy.translates = kind === 'errors in German'
    // A process that cannot attach its lake ends, and is started again by its supervisor: that is not what is tried here.
    const begin = () => {
      if (kind === 'connections are reset') proxy.onMessage = resets(random, proxy)
      if (own !== undefined) proxy.onMessage = kills(random, own, () => figures.count(`faults of the catalog: ${kind}`))
    }
    const onEvent = ({ event }: WriterEvent) => {
      if (event === 'ready') begin()
    }
    const address = `postgres:${libpqString({ ...catalog.address, port: proxy.port })}`
    const task = { seed, length: scheduleLength, from: 0, snapshots: {}, reads: false, lockTimeoutMs: 1_000 }
    // With a lock that is given up at once, two writers collide in the catalog itself.
    const writers =
      kind === 'errors in German'
        ? [
            { ...task, lockTimeoutMs: 1 },
            { ...task, lockTimeoutMs: 1 },
          ]
        : [task]
    const lives = writers.map((each) =>
      startLife(machine, world, each, { onEvent, environment: { LAKE_CATALOG: address } }),
    )
    const ends = await Promise.all(lives.map(({ ended }) => ended))
    const acknowledged = new Map<number, AcknowledgedReceipt>()
    for (const [index, { events }] of lives.entries()) {
      if (events.at(-1)?.event !== 'done')
        complain(`${kind}: the writer did not get through: ${ends[index]?.output.slice(-2_000)}`)
      for (const event of events) {
        if (event.event === 'failed') figures.count('errors of the catalog that a step was tried again after')
        if (event.event === 'committed') acknowledged.set(event.index, event.receipt)
      }
    }
    await proxy.close()
    if (own === undefined) figures.count(`faults of the catalog: ${kind}`, Math.max(1, proxy.faults()))
    const steps = createSchedule(seed, scheduleLength)
    const faultless = await faultlessHashes(machine, steps)
    const output = ends.map((end) => end.output).join('\n')
    figures.add(await verify(world, { steps, acknowledged, faultless, output }), complain)
  } catch (error) {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await proxy.close()
    await world.close()
    await own?.stop()
  }
}

const isCommit = (message: Buffer): boolean => message.includes('COMMIT')

const resets =
  (random: Random, proxy: CatalogProxy) =>
  async (message: Buffer): Promise<CatalogFault | undefined> => {
    if (proxy.faults() >= faultLimit) return undefined
    const hit = isCommit(message) ? random.chance(0.4) : random.chance(1 / messagesBetweenFaults)
    return hit ? random.pick(['reset before', 'reset after'] as const) : undefined
  }

/** Some commits of the schedule are interrupted by the server's death, before it hears of them or while it does them. */
const kills = (random: Random, server: OwnServer, died: () => void) => {
  let deaths = 0
  return async (message: Buffer): Promise<CatalogFault | undefined> => {
    if (!isCommit(message) || deaths >= 3 || !random.chance(0.5)) return undefined
    deaths += 1
    died()
    const before = random.chance(0.5)
    setTimeout(() => void server.die(), before ? 0 : random.integer(4))
    if (before) await server.back()
    return before ? 'reset before' : undefined
  }
}

interface OwnServer {
  address(): Machine['server']
  /** Ends it without a checkpoint, as a crash does, and starts it again on the same port; nothing happens once it was stopped. */
  die(): Promise<void>
  /** When it is there again after a death that has begun or is about to. */
  back(): Promise<void>
  stop(): Promise<void>
}

const startOwnServer = async (machine: Machine, seed: number): Promise<OwnServer> => {
  const folder = path.join(machine.folder, `postgres-${seed}`)
  const port = await freePort(15_900 + (seed % 50) * 4)
  const start = () =>
    startPostgres({
      folder: path.join(folder, 'postgres'),
      port,
      logFile: path.join(folder, 'postgres.log'),
      registry: new ProcessRegistry(folder),
      log: () => undefined,
    })
  let server = await start()
  let rebirth: Promise<void> = Promise.resolve()
  let stopped = false
  const dieAndReturn = async () => {
    if (stopped) return
    process.kill(server.pid, 'SIGQUIT')
    await server.exited
    server = await start()
  }
  const die = () => {
    // Two commits can ask for a death within a few milliseconds: the second waits until the server lives again.
    rebirth = rebirth.then(dieAndReturn)
    return rebirth
  }
  return {
    address: () => server.address,
    die,
    back: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await rebirth
    },
    stop: async () => {
      stopped = true
      await rebirth
      await server.stop()
    },
  }
}
