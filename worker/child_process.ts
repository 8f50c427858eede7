import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SourceUnavailable } from '../infra/errors.js'

export interface ChildOptions {
  readonly name: string
  readonly script: URL
  readonly arguments: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly logFile: string
  readonly readyTimeoutMs: number
}

export interface Child {
  readonly process: ChildProcess
  /** What it said of itself with its `{ ready: ... }` message. */
  readonly ready: unknown
  /** Asks it to end, and after the grace time makes it. */
  stop(graceMs: number): Promise<void>
}

/**
 * Starts one of our own programs in a process group of its own, its output in a log file, and waits until it says that it is
 * ready, or with `{ failed: ... }` why it is not. It ends by itself when this process does: its channel to us closes.
 */
export const startChild = async (options: ChildOptions): Promise<Child> => {
  const log = await open(options.logFile, 'a')
  const child = fork(fileURLToPath(options.script), options.arguments, {
    detached: true,
    env: options.environment,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  await log.close()
  const ready = await waitUntilReady(child, options)
  return {
    process: child,
    ready,
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(force)
    },
  }
}

const waitUntilReady = (child: ChildProcess, { name, logFile, readyTimeoutMs }: ChildOptions): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let reason: unknown
    const fail = (what: string) => reject(new SourceUnavailable(`the ${name} ${what}; see ${logFile}`))
    const tooLate = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`was not ready after ${readyTimeoutMs / 1000} s`)
    }, readyTimeoutMs)
    child.once('error', (error) => fail(`did not start (${error.message})`))
    child.once('exit', (code, signal) => {
      clearTimeout(tooLate)
      fail(reason === undefined ? `ended while starting (${signal ?? `exit ${code}`})` : `cannot start: ${reason}`)
    })
    child.on('message', (message) => {
      if (typeof message !== 'object') return
      if ('failed' in message) reason = message.failed
      if (!('ready' in message)) return
      clearTimeout(tooLate)
      resolve(message.ready)
    })
  })
