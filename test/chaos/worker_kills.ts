import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { createRandom } from '../../infra/sandbox/random.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { homeProcesses } from '../end_to_end/home_processes.js'
import { scratchHome } from '../end_to_end/scratch_home.js'
import { type Running, start } from '../end_to_end/tributary.js'
import { type FixedOutside, startFixedOutside } from './fixed_outside.js'
import { filesWith, type LakeContent, readContent } from './lake_content.js'

export interface WorkerKillsOptions {
  /** The same seed ends the worker at the same delays, in the same ways. */
  readonly seed: number
  readonly kills: number
  /** How it is ended: one of these, chosen by the seed. */
  readonly signals: readonly ('SIGKILL' | 'SIGTERM')[]
  /** Names the servers of one home, a catalog of its own each; by default the stack starts its own. */
  readonly servers?: () => Promise<NodeJS.ProcessEnv>
  /** Whether the disturbed stack's clock is wrong, and steps. */
  readonly skewed?: boolean
}

export interface WorkerKillsReport {
  readonly seed: number
  /** From each end of a worker to the first activity that the next one completed, by Temporal's clock. */
  readonly recoveriesMs: readonly number[]
  /** Of the lake after runs that were disturbed, and of one that was not. */
  readonly disturbed: LakeContent
  readonly calm: LakeContent
  /** Files of the disturbed home in which a secret of the run stands. */
  readonly filesWithSecrets: readonly string[]
}

/** A batch takes some seconds, so that an end meets several at work. */
const slow = { kind: 'slow', path: 'seek_by_time', delayMs: 150 } as const
const input = { whales: { tokensPerBatch: 2 }, history: { walletsPerBatch: 2, concurrentBatches: 3 } }
/** A worker lives this long at most after it is seen to work. */
const longestLifeMs = 2_000
const pollMs = 100
/** Whoever waits longer waits for ever. */
const recoveryLimitMs = 120_000
const skewedClock = new URL('./skewed_clock.mjs', import.meta.url).href

/**
 * Runs the flagship pipeline on `npx tributary up` with its defaults, ends the worker again and again in the middle of it, and has
 * the supervisor start the next. Then runs the same undisturbed in another home. Linux only: it looks for processes in /proc.
 */
export const endWorkers = async (options: WorkerKillsOptions): Promise<WorkerKillsReport> => {
  const outside = await startFixedOutside(options.seed)
  const recoveriesMs: number[] = []
  let filesWithSecrets: string[] = []
  let runs = 0
  try {
    const servers = options.servers ?? (async () => ({}))
    const skew = options.skewed === true ? { NODE_OPTIONS: `--import=${skewedClock}` } : {}
    const disturbed = await inStack({ ...outside.environment, ...(await servers()), ...skew }, async (stack) => {
      const random = createRandom(options.seed)
      outside.sandbox.faults.add(slow)
      let handle = await startRun(stack, outside, runs)
      while (recoveriesMs.length < options.kills) {
        await sleep(random.between(0, longestLifeMs))
        if ((await handle.describe()).status.name !== 'RUNNING') handle = await startRun(stack, outside, ++runs)
        const recoveryMs = await endWorker(stack, handle, random.pick(options.signals))
        if (recoveryMs !== undefined) recoveriesMs.push(recoveryMs)
      }
      outside.sandbox.faults.clear()
      await handle.result()
      filesWithSecrets = await filesWith(stack.home, outside.canaries)
    })
    // Only the last of the runs: what it read that others had read before it, this one reads at once.
    const calm = await inStack({ ...outside.environment, ...(await servers()) }, async (stack) => {
      await (await startRun(stack, outside, runs)).result()
    })
    return { seed: options.seed, recoveriesMs, disturbed, calm, filesWithSecrets }
  } catch (cause) {
    throw new Error(`seed ${options.seed}, after ${recoveriesMs.length} recoveries: ${cause}`, { cause })
  } finally {
    await outside.sandbox.close()
  }
}

interface Stack {
  readonly home: string
  readonly up: Running
  readonly client: Client
}

/** Brings a stack up in a home of its own, works with it, and resolves to what its lake then holds. */
const inStack = async (environment: NodeJS.ProcessEnv, work: (stack: Stack) => Promise<void>): Promise<LakeContent> => {
  const scratch = await scratchHome()
  try {
    const up = start(scratch.home, ['up'], environment)
    await up.until(/running until Ctrl-C/)
    const own = (await homeHolder(scratch.home))?.details['temporal']
    const connection = await Connection.connect({ address: environment['TEMPORAL_ADDRESS'] ?? own ?? '' })
    await work({ home: scratch.home, up, client: new Client({ connection }) })
    await connection.close()
    up.kill('SIGTERM')
    await up.ended
    return await readContent(scratch.home, environment)
  } finally {
    await scratch.remove()
  }
}

/** Starts a run as of the market's now and so many seconds. */
const startRun = ({ client }: Stack, { asOf: now }: FixedOutside, seconds: number): Promise<WorkflowHandle> => {
  const asOf = new Date(Date.parse(now) + seconds * 1_000).toISOString()
  const workflowId = `chaos/${randomUUID()}`
  return client.workflow.start('smartTraders', { taskQueue: 'traders', workflowId, args: [{ ...input, asOf }] })
}

/**
 * Ends the worker; resolves to how long it took until another one had completed an activity, or the run, in ms. Undefined where the
 * run had ended before.
 */
const endWorker = async (
  { home, up }: Stack,
  handle: WorkflowHandle,
  signal: NodeJS.Signals,
): Promise<number | undefined> => {
  const pid = await untilWorker(home, up)
  process.kill(pid, signal)
  const endedAt = Date.now()
  while (Date.now() < endedAt + recoveryLimitMs) {
    const { events } = await handle.fetchHistory()
    for (const { eventTime, ...event } of events ?? []) {
      const at = Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6
      if (event.workflowExecutionCompletedEventAttributes) return at > endedAt ? at - endedAt : undefined
      const by = event.activityTaskCompletedEventAttributes?.identity
      if (by && at > endedAt && !by.startsWith(`${pid}@`)) return at - endedAt
    }
    await sleep(pollMs)
  }
  throw new Error(`nothing was done for ${recoveryLimitMs / 1_000} s after the worker's ${signal}`)
}

const untilWorker = async (home: string, up: Running): Promise<number> => {
  for (;;) {
    const worker = homeProcesses(home).find(({ parent, command }) => parent === up.pid && /\bworker\b/.test(command))
    if (worker !== undefined) return worker.pid
    await sleep(pollMs)
  }
}
