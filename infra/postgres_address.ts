import { Secret } from './secret.js'

/** Where a PostgreSQL database is. `parameters` holds what else libpq was told (sslmode, connect_timeout, ...). */
export interface PostgresAddress {
  host: string
  port: number
  database: string
  user: string
  password?: Secret
  parameters: Record<string, string>
}

const LIBPQ_DEFAULT_PORT = 5432

/** The libpq keywords that make sense for a catalog; another one is most often a misspelling. */
const FURTHER_KEYWORDS = new Set([
  'application_name',
  'channel_binding',
  'client_encoding',
  'connect_timeout',
  'gssencmode',
  'hostaddr',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'options',
  'passfile',
  'sslcert',
  'sslcrl',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'target_session_attrs',
  'tcp_user_timeout',
])

/**
 * Reads `postgres://...`, `postgresql://...`, `postgres:postgres://...` or `postgres:key=value ...` (a libpq string).
 * Throws a plain Error whose message is the mend; it never holds the password.
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  const body = /^postgres(ql)?:\/\//.test(text) ? text : text.replace(/^postgres:/, '')
  return toAddress(/^postgres(ql)?:\/\//.test(body) ? parseUrl(body) : parseKeywords(body))
}

/** The same address as a libpq string, as DuckDB's `ATTACH` and psql take it. Holds the password: do not print it. */
export function libpqString(address: PostgresAddress): string {
  const fields: Record<string, string> = {
    host: address.host,
    port: String(address.port),
    dbname: address.database,
    user: address.user,
    ...(address.password ? { password: address.password.reveal() } : {}),
    ...address.parameters,
  }
  return Object.entries(fields)
    .map(([keyword, value]) => `${keyword}='${value.replace(/[\\']/g, '\\$&')}'`)
    .join(' ')
}

/** The address as a person may read it: no password. */
export function describePostgresAddress(address: PostgresAddress): string {
  return `postgres://${address.user}@${address.host}:${address.port}/${address.database}`
}

function parseUrl(text: string): Map<string, string> {
  if (!URL.canParse(text)) throw new Error('must be a valid URL, like postgres://user:password@host:5432/database')
  const url = new URL(text)
  const fields = new Map<string, string>()
  if (url.hostname) fields.set('host', decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'))
  if (url.port) fields.set('port', url.port)
  if (url.username) fields.set('user', decodeURIComponent(url.username))
  if (url.password) fields.set('password', decodeURIComponent(url.password))
  if (url.pathname.length > 1) fields.set('dbname', decodeURIComponent(url.pathname.slice(1)))
  for (const [keyword, value] of url.searchParams) fields.set(keyword, value)
  return fields
}

function parseKeywords(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/gy
  const end = text.trimEnd().length
  while (pair.lastIndex < end) {
    const match = pair.exec(text)
    if (!match?.[1]) {
      throw new Error('must be a libpq string, like postgres:host=127.0.0.1 port=5432 dbname=tributary user=tributary')
    }
    fields.set(match[1], (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1'))
  }
  return fields
}

function toAddress(fields: Map<string, string>): PostgresAddress {
  const database = fields.get('dbname')
  if (!database) throw new Error('names no database: add dbname=... (or /database at the end of a URL)')
  const user = fields.get('user')
  if (!user) throw new Error('names no user: add user=... (or user@ before the host of a URL)')
  const port = Number(fields.get('port') ?? LIBPQ_DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('has a port that is not 1 to 65535')
  const password = fields.get('password')
  const parameters: Record<string, string> = {}
  for (const [keyword, value] of fields) {
    if (['host', 'port', 'dbname', 'user', 'password'].includes(keyword)) continue
    if (!FURTHER_KEYWORDS.has(keyword)) throw new Error(`has the unknown keyword ${keyword}: see libpq's list`)
    parameters[keyword] = value
  }
  return {
    host: fields.get('host') ?? '127.0.0.1',
    port,
    database,
    user,
    ...(password ? { password: new Secret(password) } : {}),
    parameters,
  }
}
