import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { scratchHome } from '../end_to_end/scratch_home.js'
import { type Running, start } from '../end_to_end/tributary.js'
import { startFixedOutside } from './fixed_outside.js'
import { type LakeContent, readContent } from './lake_content.js'

/** Names the servers of one home in the environment, a catalog of its own each. Empty: the stack starts its own. */
export type Servers = () => Promise<NodeJS.ProcessEnv>

export interface Stack {
  readonly home: string
  readonly up: Running
  readonly client: Client
}

/** Small batches, each a commit, so that a fault has something before it and something after it. */
const input = { whales: { tokensPerBatch: 2 }, history: { walletsPerBatch: 2, concurrentBatches: 3 } }
const pollMs = 100
/** Whoever waits longer waits for ever. */
const progressLimitMs = 180_000

/** Brings a stack up in a home of its own, works with it, and resolves to what its lake then holds. */
export const inStack = async (
  environment: NodeJS.ProcessEnv,
  work: (stack: Stack) => Promise<void>,
): Promise<LakeContent> => {
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

/** Starts a run as of a moment and so many seconds. */
export const startRun = (client: Client, moment: string, seconds: number): Promise<WorkflowHandle> => {
  const asOf = new Date(Date.parse(moment) + seconds * 1_000).toISOString()
  const workflowId = `chaos/${randomUUID()}`
  return client.workflow.start('smartTraders', { taskQueue: 'traders', workflowId, args: [{ ...input, asOf }] })
}

/** What the same run leaves that nothing disturbs, as of the market's now and so many seconds. */
export const calmContent = async (seed: number, seconds: number, servers: Servers): Promise<LakeContent> => {
  const outside = await startFixedOutside(seed)
  try {
    return await inStack({ ...outside.environment, ...(await servers()) }, async ({ client }) => {
      await (await startRun(client, outside.asOf, seconds)).result()
    })
  } finally {
    await outside.sandbox.close()
  }
}

/**
 * Waits until after a moment, in ms since 1970, an activity is completed by another process than the one named, or the run is.
 * Resolves to how long that took, by Temporal's clock; undefined where the run had ended before.
 */
export const untilProgress = async (
  handle: WorkflowHandle,
  since: number,
  except?: number,
): Promise<number | undefined> => {
  while (Date.now() < since + progressLimitMs) {
    // A server that is just coming back refuses some requests.
    const { events } = await handle.fetchHistory().catch(() => ({ events: [] }))
    for (const { eventTime, ...event } of events ?? []) {
      const at = Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6
      if (event.workflowExecutionCompletedEventAttributes) return at > since ? at - since : undefined
      const by = event.activityTaskCompletedEventAttributes?.identity
      if (by && at > since && !by.startsWith(`${except}@`)) return at - since
    }
    await sleep(pollMs)
  }
  throw new Error(`nothing was done for ${progressLimitMs / 1_000} s`)
}
