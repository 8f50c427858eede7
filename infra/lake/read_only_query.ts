import { type ChildProcess, fork } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { InvalidInput, SourceUnavailable } from '../errors.js'
import { redact } from '../http/redaction.js'
import type { LakeOptions } from './lake.js'
import type { QueryAnswer, QueryLimits } from './locked_lake.js'
import { orderOf, secretsOf, tooMuchMemoryCode } from './query_order.js'

export const defaultLimits: QueryLimits = { rows: 10_000, timeoutMs: 10_000, bytes: 10 * 1024 ** 2 }

/** What the engine does not interrupt within this time after the limit ends with its process. */
const graceMs = 1_000
const openTimeoutMs = 60_000
/** Each may take `timeoutMs`; who comes later is told to come again. */
const waitingLimit = 4

type Opened = Pick<LakeOptions, 'catalog' | 'data' | 'extensionDirectory' | 'temporaryDirectory'>

interface ReadOnlyOptions extends Opened {
  readonly limits?: Partial<QueryLimits>
  /** Where the compiled program lies: beside this file, but for tests. */
  readonly program?: URL
  /** What the AWS credential chain reads, where S3 has no keys; else nothing. */
  readonly environment?: NodeJS.ProcessEnv
}

export interface ReadOnlyQueries {
  /**
   * Answers one SELECT over the lake, for whoever sends it: no file, no network, no other database, no setting, nothing written, within
   * limits of time, memory, rows and bytes. One at a time. Throws InvalidInput where the query cannot be answered, SourceUnavailable
   * where the lake cannot, or too many wait.
   */
  run(sql: string): Promise<QueryAnswer>
  /** Ends what runs, unanswered. */
  close(): Promise<void>
}

/** Starts its process with the first query, and again after one that had to be killed. */
export const openReadOnlyQueries = (options: ReadOnlyOptions): ReadOnlyQueries => {
  const limits = { ...defaultLimits, ...options.limits }
  let child: Promise<ChildProcess> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const answer = async (sql: string): Promise<QueryAnswer> => {
    child ??= open(options)
    try {
      return await ask(await child, sql, limits)
    } catch (error) {
      const failed = await child.catch(() => undefined)
      if (failed === undefined || !isAlive(failed)) child = undefined
      throw withoutSecrets(error, secretsOf(options))
    }
  }
  return {
    async run(sql) {
      if (waiting >= waitingLimit) throw new SourceUnavailable(`${waiting} queries wait already; try again`, 1_000)
      waiting += 1
      const answered = turn
        .then(() => answer(sql))
        .finally(() => {
          waiting -= 1
        })
      turn = answered.catch(() => undefined)
      return answered
    },
    async close() {
      const last = await child?.catch(() => undefined)
      if (last !== undefined) await end(last)
      await rm(options.temporaryDirectory, { recursive: true, force: true })
    },
  }
}

const open = async (options: ReadOnlyOptions): Promise<ChildProcess> => {
  const program = options.program ?? new URL('./query_process.js', import.meta.url)
  const child = fork(fileURLToPath(program), { env: options.environment ?? {}, stdio: 'ignore', execArgv: [] })
  try {
    await told(child, { open: orderOf(options) }, openTimeoutMs)
    return child
  } catch (error) {
    await end(child)
    throw error
  }
}

const ask = async (child: ChildProcess, sql: string, limits: QueryLimits): Promise<QueryAnswer> => {
  const { answer } = await told(child, { sql, limits }, limits.timeoutMs + graceMs)
  if (answer === undefined) throw new SourceUnavailable('the query process did not answer')
  return answer
}

interface Reply {
  readonly answer?: QueryAnswer
  readonly refused?: string
  readonly failed?: string
}

/** Tells the process something and resolves to its reply. A process that gives none in time is killed. */
const told = (child: ChildProcess, message: object, timeoutMs: number): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      child.off('message', hear).off('exit', missed).off('error', missed)
      finish()
    }
    const late =
      'sql' in message
        ? new InvalidInput(`sql: took longer than ${timeoutMs - graceMs} ms`)
        : new SourceUnavailable(`the lake was not open for queries after ${timeoutMs} ms`)
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      settle(() => reject(late))
    }, timeoutMs)
    const hear = (reply: Reply) =>
      settle(() => {
        if (reply.refused !== undefined) reject(new InvalidInput(reply.refused))
        else if (reply.failed !== undefined) reject(new SourceUnavailable(reply.failed))
        else resolve(reply)
      })
    const missed = (how: unknown) =>
      settle(() =>
        reject(
          how === tooMuchMemoryCode
            ? new InvalidInput('sql: needs more memory than a query may take')
            : new SourceUnavailable(`the query process ended (${how})`),
        ),
      )
    child.on('message', hear).on('exit', missed).on('error', missed)
    child.send(message)
  })

const isAlive = ({ connected, killed, exitCode }: ChildProcess): boolean => connected && !killed && exitCode === null

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

/** A failing connection repeats how it was made. */
const withoutSecrets = (error: unknown, secrets: readonly string[]): unknown => {
  if (error instanceof InvalidInput) return new InvalidInput(redact(error.message, secrets))
  if (error instanceof SourceUnavailable)
    return new SourceUnavailable(redact(error.message, secrets), error.retryAfterMs)
  return error
}
