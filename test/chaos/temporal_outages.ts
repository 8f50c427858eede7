import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { createRandom } from '../../infra/sandbox/random.js'
import { untilAsked } from '../end_to_end/outside.js'
import { scratchHome } from '../end_to_end/scratch_home.js'
import { start } from '../end_to_end/tributary.js'
import { startFixedOutside } from './fixed_outside.js'
import { startKillableTemporal } from './killable_temporal.js'
import { type LakeContent, readContent } from './lake_content.js'
import { startRun, untilProgress } from './run.js'
import { fillDisk, mountSmallDisk } from './small_disk.js'

export interface TemporalOutagesOptions {
  /** The same seed kills the server after the same requests. */
  readonly seed: number
  readonly outages: number
  readonly outageMs: number
  /** The `temporal` program. */
  readonly program: string
  /** Names a catalog in the environment. */
  readonly catalog: NodeJS.ProcessEnv
}

export interface TemporalOutagesReport {
  /** From each time the server answered again to the first activity that was completed. */
  readonly resumesMs: readonly number[]
  readonly content: LakeContent
  /** What the lake holds after Temporal was set back to the first outage and did the rest of the run once more. */
  readonly contentAfterRestore: LakeContent
  readonly snapshotId: number
  readonly snapshotIdAfterRestore: number
  /** Whether its disk was full for a while too; else why it was not, a sentence. */
  readonly disk: 'filled' | (string & {})
}

const slow = { kind: 'slow', path: 'seek_by_time', delayMs: 150 } as const

/** Long enough that steps end meanwhile and cannot be recorded. */
const fullMs = 5_000

/**
 * Kills Temporal in the middle of a run, and once more while the run is about to complete, each time for a while, fills the disk of
 * its database, and lets one worker live through it all. Then sets its database back to what it was at the first outage.
 */
export const interruptTemporal = async (options: TemporalOutagesOptions): Promise<TemporalOutagesReport> => {
  const { seed, outages, outageMs, catalog } = options
  const outside = await startFixedOutside(seed)
  const scratch = await scratchHome()
  let disk: TemporalOutagesReport['disk'] = 'filled'
  const prepare = async (folder: string) => {
    const mounted = await mountSmallDisk(folder)
    if (typeof mounted !== 'string') return mounted
    disk = mounted
    return async () => undefined
  }
  const server = await startKillableTemporal(options.program, prepare)
  const environment = { ...outside.environment, ...catalog, TEMPORAL_ADDRESS: server.address }
  const worker = start(scratch.home, ['worker'], environment)
  const connection = await Connection.connect({ address: server.address })
  try {
    await worker.until(/worker ready/)
    const random = createRandom(seed)
    outside.sandbox.faults.add(slow)
    const handle = await startRun(new Client({ connection }), outside.asOf, 0)
    const resumesMs: number[] = []
    for (let outage = 0; outage < outages; outage += 1) {
      outside.sandbox.resetStatistics()
      await untilAsked(outside.sandbox, 'seek_by_time', 5 + random.integer(15))
      await server.kill()
      if (outage === 0) await server.copyDatabase()
      await sleep(outageMs)
      await server.restart()
      resumesMs.push((await untilProgress(handle, Date.now())) ?? 0)
    }
    if (disk === 'filled') {
      const makeRoom = await fillDisk(server.folder)
      await sleep(fullMs)
      await makeRoom()
      // A server that gave up is started again, as an operator would once there is room.
      if (!(await server.isRunning())) await server.restart()
    }
    outside.sandbox.faults.clear()
    await untilAsked(outside.sandbox, '/v0/webhooks', 1)
    await server.kill()
    await server.restart()
    const { snapshotId } = await handle.result()
    const content = await readContent(scratch.home, environment)
    await server.kill()
    await server.restoreDatabase()
    await server.restart()
    const again = await handle.result()
    const contentAfterRestore = await readContent(scratch.home, environment)
    worker.kill('SIGTERM')
    const { code, stderr } = await worker.ended
    if (code !== 0) throw new Error(`the worker ended ${code}: ${stderr}`)
    return { resumesMs, content, contentAfterRestore, snapshotId, snapshotIdAfterRestore: again.snapshotId, disk }
  } catch (cause) {
    throw new Error(`seed ${seed}: ${cause}`, { cause })
  } finally {
    await connection.close()
    await server.remove()
    await scratch.remove()
    await outside.sandbox.close()
  }
}
