import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SourceUnavailable } from '../errors.js'
import { identify } from '../process_identity.js'
import { type ProcessRegistry, stopProcess } from './process_registry.js'

/** How to start a server as a child that is ours alone to stop. */
export interface ServerCommand {
  name: string
  command: string
  args: string[]
  cwd: string
  logFile: string
  registry: ProcessRegistry
  stopSignal: 'SIGINT' | 'SIGTERM'
  /** How long a stop may take before it is forced. */
  graceMs: number
  /** Put before the command: another user, a death signal. */
  prefix?: string[]
  user?: { uid: number; gid: number }
}

/** A running server. It is stopped once, by `stop`; `exited` settles whoever ends it. */
export interface ServerProcess {
  name: string
  pid: number
  logFile: string
  exited: Promise<string>
  stop(): Promise<void>
  /** What it has printed since this start; the log file also holds earlier runs. */
  output(): Promise<string>
  /** Why it is not running any more, with the end of its log; undefined while it runs. */
  failure(): Promise<string | undefined>
}

/**
 * Starts the server in a process group of its own, so that Ctrl-C in the terminal reaches only its owner, with its
 * output in the log file and an environment without our secrets. The caller waits for readiness.
 */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  await mkdir(dirname(server.logFile), { recursive: true })
  const log = openSync(server.logFile, 'a')
  const logStart = fstatSync(log).size
  const [command = server.command, ...args] = [...(server.prefix ?? []), server.command, ...server.args]
  const child = spawn(command, args, {
    cwd: server.cwd,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', HOME: server.cwd, LC_ALL: 'C', TZ: 'UTC' },
    ...server.user,
  })
  closeSync(log)
  let ended: string | undefined
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`exit ${signal ?? code}`))
  }).then((how) => {
    ended = how
    return how
  })
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (!identity) {
    throw new SourceUnavailable(`${server.name} did not start (${await exited}): ${await logTail(server.logFile)}`)
  }
  await server.registry.add({ name: server.name, ...identity, stopSignal: server.stopSignal })
  const forget = exited.then(() => server.registry.remove(identity.pid))
  return {
    name: server.name,
    pid: identity.pid,
    logFile: server.logFile,
    exited,
    async stop() {
      await stopProcess(identity, server.stopSignal, server.graceMs)
      await forget
    },
    async output() {
      return (await readFile(server.logFile)).subarray(logStart).toString()
    },
    async failure() {
      if (ended !== undefined) await forget
      return ended === undefined ? undefined : `${ended}; ${server.logFile} ends:\n${await logTail(server.logFile)}`
    },
  }
}

/** Polls until the server answers. Stops it and throws SourceUnavailable with the end of its log when it does not. */
export async function untilReady(
  server: ServerProcess,
  timeoutMs: number,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await isReady())) {
    const failure = await server.failure()
    if (failure !== undefined) throw new SourceUnavailable(`${server.name} ended while starting: ${failure}`)
    if (Date.now() > deadline) {
      await server.stop()
      throw new SourceUnavailable(
        `${server.name} was not ready after ${timeoutMs / 1000} s; ${server.logFile} ends:\n${await logTail(server.logFile)}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

async function logTail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-8).join('\n') || '(empty)'
}
