import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { loadConfig } from '../../infra/config.js'

// Of the checkout, also where this is compiled to another folder.
const bootstrap = path.join(loadConfig({}).projectRoot, 'infra', 'bootstrap.mjs')
const pollMs = 50

interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
  /** Resolves when the pattern stands in what was printed so far; fails when the command ends without it. */
  until(pattern: RegExp): Promise<void>
}

/** The machine's environment without what configures the project: a test says what it sets. Tools stay where they are. */
export const environment = (home: string, own: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(LAKE|TEMPORAL|BIRDEYE|HELIUS|WEBHOOK|ALERT|S3|AWS|API)_|^(NODE_ENV|NODE_OPTIONS|npm_.*)$/.test(name),
  )
  return { ...Object.fromEntries(inherited), ...own, TRIBUTARY_HOME: home }
}

/** Starts `npx tributary ...` as a user does, from the sources as they are: bootstrap builds first where they changed. */
export const start = (home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running => {
  const child: ChildProcess = spawn(process.execPath, [bootstrap, ...args], {
    env: environment(home, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let over = false
  const ended = once(child, 'close').then(([code]): Ended => {
    over = true
    return { code, stdout, stderr }
  })
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => {
      child.kill(signal)
    },
    async until(pattern) {
      while (!pattern.test(stdout + stderr)) {
        if (over) throw new Error(`ended before it printed ${pattern}:\n${stderr}`)
        await new Promise((resolve) => setTimeout(resolve, pollMs))
      }
    },
  }
}

/** Runs a command to its end. */
export const tributary = (home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  start(home, args, env).ended

/** The rows that `query` prints of the lake. */
export const query = async (home: string, sql: string): Promise<Record<string, unknown>[]> => {
  const { code, stdout, stderr } = await tributary(home, ['query', sql, '--json'])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
