import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isAlive, type ProcessIdentity, waitForExit } from '../process_identity.js'

const record = z.object({
  name: z.string(),
  pid: z.int(),
  started: z.string(),
  stopSignal: z.enum(['SIGINT', 'SIGTERM']),
})
export type ProcessRecord = z.infer<typeof record>

// PostgreSQL writes a checkpoint on its way out; Temporal closes its database.
const STRAY_GRACE_MS = 10_000

/** The children of one home's `up`, on disk: the next `up` finds what a killed one left running. */
export class ProcessRegistry {
  readonly #path: string
  #queue: Promise<unknown> = Promise.resolve()

  constructor(home: string) {
    this.#path = join(home, 'processes.json')
  }

  add(entry: ProcessRecord): Promise<void> {
    return this.#change((records) => [...records, entry])
  }

  remove(pid: number): Promise<void> {
    return this.#change((records) => records.filter((other) => other.pid !== pid))
  }

  /**
   * Stops what an earlier `up` left running, newest first, and returns the names. Only for the holder of the home's
   * lock: the children of a living `up` are on the same list.
   */
  async stopStrays(log: (line: string) => void): Promise<string[]> {
    const strays = (await this.#read()).filter(isAlive).reverse()
    for (const stray of strays) {
      log(`stopping ${stray.name} (pid ${stray.pid}), left by an earlier run`)
      await stopProcess(stray, stray.stopSignal, STRAY_GRACE_MS)
    }
    await this.#change(() => [])
    return strays.map((stray) => stray.name)
  }

  #change(change: (records: ProcessRecord[]) => ProcessRecord[]): Promise<void> {
    const next = this.#queue.then(async () => {
      await mkdir(join(this.#path, '..'), { recursive: true })
      const draft = `${this.#path}.draft`
      await writeFile(draft, JSON.stringify(change(await this.#read()), null, 2))
      await rename(draft, this.#path)
    })
    this.#queue = next.catch(() => undefined)
    return next
  }

  async #read(): Promise<ProcessRecord[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '[]')
    try {
      return z.array(record).parse(JSON.parse(text))
    } catch {
      return []
    }
  }
}

/** Asks with `signal`, and after `graceMs` no longer asks. Resolves when the process is gone. */
export async function stopProcess(
  identity: ProcessIdentity,
  signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL',
  graceMs: number,
): Promise<void> {
  if (!isAlive(identity)) return
  send(identity, signal)
  if (await waitForExit(identity, graceMs)) return
  send(identity, 'SIGKILL')
  await waitForExit(identity, graceMs)
}

function send({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
