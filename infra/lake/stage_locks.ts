import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Pool, type PoolClient } from 'pg'
import type { PostgresAddress } from '../postgres_address.js'

/** A process that hangs keeps its lock: past what a commit takes, the others go on without, and the fence settles it. */
const lockTimeoutMs = 30_000

/**
 * Makes the commits of one stage take turns: in this process by a queue, between processes by a PostgreSQL advisory lock where
 * the catalog is one. It is for speed and fairness only: correctness is the fence's, so a lock that cannot be had is done without.
 */
export class StageLocks {
  readonly #tails = new Map<string, Promise<unknown>>()
  readonly #pool: Pool | undefined

  constructor(address: PostgresAddress | undefined, timeoutMs = lockTimeoutMs) {
    if (address === undefined) return
    const { parameters, password, ...login } = address
    // A connection for each stage being committed; a waiting one must not block another's unlock.
    this.#pool = new Pool({
      ...login,
      password: password?.reveal(),
      ssl: tlsOf(parameters),
      max: 16,
      idleTimeoutMillis: 30_000,
      lock_timeout: timeoutMs,
      connectionTimeoutMillis: 5_000,
    })
    this.#pool.on('error', () => undefined)
    // Also while it is held: a connection that breaks then is noticed by its next query, and must not end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
  }

  hold<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(stage) ?? Promise.resolve()
    const turn = before.then(() => this.#locked(stage, work))
    this.#tails.set(
      stage,
      turn.catch(() => undefined),
    )
    return turn
  }

  async close(): Promise<void> {
    await Promise.all(this.#tails.values())
    await this.#pool?.end()
  }

  async #locked<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const id = advisoryLockId(stage)
    const holder = await this.#lock(id)
    try {
      return await work()
    } finally {
      // A connection whose unlock failed is thrown away, and PostgreSQL drops its locks with it.
      await holder?.query('SELECT pg_advisory_unlock($1)', [id]).then(
        () => holder.release(),
        (error: Error) => holder.release(error),
      )
    }
  }

  async #lock(id: string): Promise<PoolClient | undefined> {
    const client = await this.#pool?.connect().catch(() => undefined)
    try {
      await client?.query('SELECT pg_advisory_lock($1)', [id])
      return client
    } catch (error) {
      client?.release(error instanceof Error ? error : true)
      return undefined
    }
  }
}

/** 63 bits of a hash of the name: advisory locks are numbered. */
const advisoryLockId = (stage: string): string => {
  const digest = createHash('sha256').update(`tributary/${stage}`).digest()
  return (digest.readBigUInt64BE(0) >> 1n).toString()
}

/** libpq's `sslmode`: below `verify-ca` a certificate is taken as it comes, as libpq does. */
const tlsOf = ({ sslmode = '', sslrootcert }: PostgresAddress['parameters']): false | ConnectionOptions => {
  if (['', 'disable', 'allow', 'prefer'].includes(sslmode)) return false
  const rejectUnauthorized = sslmode.startsWith('verify-')
  return { rejectUnauthorized, ...(sslrootcert === undefined ? {} : { ca: readFileSync(sslrootcert, 'utf8') }) }
}
