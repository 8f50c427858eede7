import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { loadConfig } from '../../infra/config.js'
import { createRandom } from '../../infra/sandbox/random.js'
import { homeProcesses } from '../end_to_end/home_processes.js'
import { startFixedOutside } from './fixed_outside.js'
import { filesWith, type LakeContent } from './lake_content.js'
import { inStack, type Servers, type Stack, startRun, untilProgress } from './run.js'

export interface WorkerKillsOptions {
  /** The same seed ends the worker at the same delays, in the same ways. */
  readonly seed: number
  readonly kills: number
  /** How it is ended: one of these, chosen by the seed. */
  readonly signals: readonly ('SIGKILL' | 'SIGTERM')[]
  readonly servers: Servers
  /** Whether the stack's clock is wrong, and steps. */
  readonly skewed?: boolean
}

export interface WorkerKillsReport {
  /** From each end of a worker to the first activity that the next one completed, by Temporal's clock. */
  readonly recoveriesMs: readonly number[]
  readonly content: LakeContent
  /** As of how many seconds after the market's now the last run was: more than 0 where one run was too short for all the kills. */
  readonly seconds: number
  /** Files of the home in which a secret of the run stands. */
  readonly filesWithSecrets: readonly string[]
}

/** A batch takes some seconds, so that an end meets several at work. */
const slow = { kind: 'slow', path: 'seek_by_time', delayMs: 150 } as const
/** A worker lives this long at most after it is seen to work. */
const longestLifeMs = 2_000
const pollMs = 100
const skewedClock = pathToFileURL(path.join(loadConfig({}).projectRoot, 'test', 'chaos', 'skewed_clock.mjs')).href

/**
 * Runs the flagship pipeline on `npx tributary up` with its defaults, ends the worker again and again in the middle of it, and has
 * the supervisor start the next. Linux only: it looks for processes in /proc.
 */
export const endWorkers = async (options: WorkerKillsOptions): Promise<WorkerKillsReport> => {
  const { seed, kills, signals } = options
  const outside = await startFixedOutside(seed)
  const recoveriesMs: number[] = []
  let filesWithSecrets: string[] = []
  let seconds = 0
  try {
    const skew = options.skewed === true ? { NODE_OPTIONS: `--import=${skewedClock}` } : {}
    const environment = { ...outside.environment, ...(await options.servers()), ...skew }
    const content = await inStack(environment, async (stack) => {
      const random = createRandom(seed)
      outside.sandbox.faults.add(slow)
      let handle = await startRun(stack.client, outside.asOf, seconds)
      while (recoveriesMs.length < kills) {
        await sleep(random.between(0, longestLifeMs))
        if ((await handle.describe()).status.name !== 'RUNNING') {
          seconds += 1
          handle = await startRun(stack.client, outside.asOf, seconds)
        }
        const pid = await untilWorker(stack)
        process.kill(pid, random.pick(signals))
        const recoveryMs = await untilProgress(handle, Date.now(), pid)
        if (recoveryMs !== undefined) recoveriesMs.push(recoveryMs)
      }
      outside.sandbox.faults.clear()
      await handle.result()
      filesWithSecrets = await filesWith(stack.home, outside.canaries)
    })
    return { recoveriesMs, content, seconds, filesWithSecrets }
  } catch (cause) {
    throw new Error(`seed ${seed}, after ${recoveriesMs.length} recoveries: ${cause}`, { cause })
  } finally {
    await outside.sandbox.close()
  }
}

const untilWorker = async ({ home, up }: Stack): Promise<number> => {
  for (;;) {
    const worker = homeProcesses(home).find(
      ({ parent, command }) => parent === up.pid && /cli\.js worker\b/.test(command),
    )
    if (worker !== undefined) return worker.pid
    await sleep(pollMs)
  }
}
