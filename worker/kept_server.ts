import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../infra/stack/server_process.js'

/** A server that is gone again this soon after its start cannot live, and nobody is to wait for it. */
const leastLifeMs = 5_000
/** What a killed server left, such as its own processes or its port, is gone after some tenths of a second. */
const attempts = 5
const retryDelayMs = 1_000

interface Keeper {
  readonly log: (line: string) => void
  /** Remembers how to stop it. */
  readonly started: (stop: () => Promise<void>) => void
  /** Called, with what to say, when it cannot be kept running. */
  readonly breakDown: (why: string) => void
  /** Aborted when servers end because they are told to. */
  readonly stopping: AbortSignal
}

/** Starts a server, and starts it again at its old address whenever it ends unasked. Resolves to the first one. */
export const keepServer = async <T extends ServerProcess>(
  { log, started, breakDown, stopping }: Keeper,
  start: () => Promise<T>,
): Promise<T> => {
  const first = await start()
  let current = first
  const startAgain = async (attempt = 1): Promise<void> => {
    if (stopping.aborted) return
    try {
      current = await start()
      keep()
    } catch (error) {
      if (attempt >= attempts) return breakDown(error instanceof Error ? error.message : String(error))
      await sleep(retryDelayMs)
      await startAgain(attempt + 1)
    }
  }
  let restarted = Promise.resolve()
  const keep = () => {
    const { name, logFile, exited } = current
    const bornMs = performance.now()
    void exited.then((how) => {
      if (stopping.aborted) return
      if (performance.now() - bornMs < leastLifeMs)
        return breakDown(`${name} ended as soon as it ran (${how}); see ${logFile}, and start again`)
      log(`${name} ended unasked (${how}) and is started again; see ${logFile}`)
      restarted = startAgain()
    })
  }
  keep()
  started(async () => {
    await restarted
    await current.stop()
  })
  return first
}
