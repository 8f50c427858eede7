import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { ArmedFailpoint } from '../../infra/failpoint.js'
import type { Machine, World } from './world.js'
import type { WriterTask } from './writer_task.js'

const receipt = z.looseObject({
  key: z.string(),
  snapshotId: z.int(),
  contentHashes: z.record(z.string(), z.string()),
  committedAt: z.string(),
})
export type AcknowledgedReceipt = z.infer<typeof receipt>

const writerEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready') }),
  z.object({ event: z.literal('committed'), index: z.int(), receipt }),
  z.object({ event: z.literal('refused'), index: z.int() }),
  z.object({ event: z.literal('failed'), index: z.int(), text: z.string() }),
  z.object({ event: z.literal('read'), halves: z.array(z.string()) }),
  z.object({ event: z.literal('done') }),
])
export type WriterEvent = z.infer<typeof writerEvent> & { readonly atMs: number }

/** A writer from its start to its death. */
export interface Life {
  readonly process: ChildProcess
  readonly events: readonly WriterEvent[]
  /** How it ended, when, and everything that it printed. */
  readonly ended: Promise<{ signal: NodeJS.Signals | null; code: number | null; atMs: number; output: string }>
}

interface LifeOptions {
  readonly failpoint?: ArmedFailpoint
  readonly onEvent?: (event: WriterEvent) => void
  readonly nodeArguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a writer on the world. */
export const startLife = (machine: Machine, world: World, task: WriterTask, options: LifeOptions = {}): Life => {
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), machine.writer, JSON.stringify(task)], {
    env: { ...world.environment(options.failpoint), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const events: WriterEvent[] = []
  let output = ''
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    output += `${line}\n`
    // A process that is killed in the middle of a line has not said it.
    const parsed = line.endsWith('}') ? writerEvent.safeParse(JSON.parse(line)) : undefined
    if (parsed?.success !== true) return
    const event = { ...parsed.data, atMs: performance.now() }
    events.push(event)
    options.onEvent?.(event)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = new Promise<Awaited<Life['ended']>>((resolve, reject) => {
    let atMs = 0
    child.once('error', reject)
    child.once('exit', () => {
      atMs = performance.now()
    })
    child.once('close', (code, signal) => resolve({ signal, code, atMs, output }))
  })
  return { process: child, events, ended }
}
