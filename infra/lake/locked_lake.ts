import { InvalidInput } from '../errors.js'
import { quotedLiteral } from './identifier.js'
import { type LakeOptions, openLake } from './lake.js'
import { assertHarmless, type QueryRules, readQueryRules } from './query_rules.js'
import type { Session } from './session.js'

export interface QueryLimits {
  readonly rows: number
  readonly timeoutMs: number
  /** Of the answer, as JSON. */
  readonly bytes: number
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Values as `Session.all` gives them: integers beyond 32 bits, decimals and times are strings. */
  readonly rows: readonly (readonly unknown[])[]
  /** Whether there were more rows. */
  readonly truncated: boolean
}

export interface LockedLake {
  /** Throws InvalidInput where the query is refused, fails, takes too long or answers too much. */
  query(sql: string, limits: QueryLimits): Promise<QueryAnswer>
  close(): Promise<void>
}

/** Enough for an aggregate over millions of rows, which spills beyond it, and no harm to the machine. */
const memoryLimitGiB = 0.5
const threads = 2

/**
 * Opens the lake to be read by strangers' SQL: attached read-only, in an engine that reaches no file but those of the lake and its
 * own spilled ones, and whose settings cannot be changed any more.
 */
export const openLockedLake = async (
  options: Pick<LakeOptions, 'catalog' | 'data' | 'extensionDirectory' | 'temporaryDirectory'>,
): Promise<LockedLake> => {
  const lake = await openLake({ ...options, readOnly: true, memoryLimitGiB, threads })
  const rules = await lake.session(async (session) => {
    await lockEngine(session, options.data)
    return readQueryRules(session)
  })
  return {
    query: (sql, limits) => lake.session((session) => answer(session, sql, { rules, limits })),
    close: () => lake.close(),
  }
}

/** From now on the engine opens no file but the lake's and what it spills, and no statement changes that. */
export const lockEngine = async (session: Session, data: LakeOptions['data']): Promise<void> => {
  const folder = (data.kind === 's3' ? data.url : data.path).replace(/\/*$/, '/')
  await session.run(`SET GLOBAL allowed_directories = [${quotedLiteral(folder)}]`)
  await session.run(`SET GLOBAL max_temp_directory_size = '1GiB'`)
  await session.run('SET GLOBAL enable_external_access = false')
  await session.run('SET GLOBAL lock_configuration = true')
}

const answer = async (
  session: Session,
  sql: string,
  { rules, limits }: { readonly rules: QueryRules; readonly limits: QueryLimits },
): Promise<QueryAnswer> => {
  await assertHarmless(session, sql, rules)
  await session.run('USE lake')
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    session.connection.interrupt()
  }, limits.timeoutMs)
  try {
    return await firstRows(session, sql, limits)
  } catch (cause) {
    if (cause instanceof InvalidInput) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidInput(isLate ? `sql: took longer than ${limits.timeoutMs} ms` : `sql: ${message}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** Reads no further than the limit: the engine makes rows as they are asked for. */
const firstRows = async (session: Session, sql: string, limits: QueryLimits): Promise<QueryAnswer> => {
  const reader = await session.connection.streamAndReadUntil(sql, limits.rows + 1)
  const types = reader.columnTypes()
  const columns = reader.columnNames().map((name, index) => ({ name, type: String(types[index]) }))
  const rows = reader.getRowsJson()
  const answered = { columns, rows: rows.slice(0, limits.rows), truncated: rows.length > limits.rows }
  const bytes = Buffer.byteLength(JSON.stringify(answered))
  if (bytes > limits.bytes)
    throw new InvalidInput(`sql: answers with ${bytes} bytes, over ${limits.bytes}; select less`)
  return answered
}
