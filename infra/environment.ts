import { z } from 'zod'
import { parseFailpoint } from './failpoint.js'

/**
 * Every variable the project reads, with the shape its text must have. `error` texts are the mend a person reads
 * after `NAME="value": `. What the values mean together is decided in config.ts.
 */
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL, like https://host/path' })
const port = z.coerce
  .number({ error: 'must be a port, 0 to 65535' })
  .int('must be a port, 0 to 65535')
  .min(0, 'must be a port, 0 to 65535')
  .max(65_535, 'must be a port, 0 to 65535')
const rate = z.coerce.number({ error: 'must be a number above 0' }).positive('must be a number above 0')
const text = z.string()
const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((value) => value === 'true' || value === '1')
const hostAndPort = text.regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, like 127.0.0.1:7233')
const hostNames = text
  .regex(
    /^[\w.-]+(\s*,\s*[\w.-]+)*$/,
    'must be names without port, with commas between them, like tributary.internal,api',
  )
  .transform((value) => value.split(',').map((name) => name.trim()))
const headerValue = text.regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'must be printable ASCII without line breaks')

const failpoint = text.transform((value, context) => {
  const parsed = parseFailpoint(value)
  if (parsed !== undefined) return parsed
  context.addIssue({
    code: 'custom',
    message:
      'must be name:nth:kill|stop|error of infra/failpoint.ts, like commit.before_commit:1:kill; it is for fault tests only',
  })
  return z.NEVER
})

const receivers = text.transform((value, context) => {
  const urls = value.split(/[\s,]+/).filter((each) => each !== '')
  if (urls.every((each) => httpUrl.safeParse(each).success && new Set(urls).size === urls.length)) return urls
  context.addIssue({
    code: 'custom',
    message: 'must be https URLs, each once, with commas between them, like https://host/path',
  })
  return z.NEVER
})

const prices = text.transform((value, context) => {
  const parsed = pricesShape.safeParse(jsonOrUndefined(value))
  if (parsed.success) return parsed.data
  context.addIssue({
    code: 'custom',
    message: 'must be a JSON object of compute units by endpoint, like {"/defi/v3/token/list":100}',
  })
  return z.NEVER
})
const pricesShape = z.record(z.string().startsWith('/'), z.number().nonnegative())

export const environment = z.object({
  TRIBUTARY_HOME: text.optional(),
  TRIBUTARY_CACHE: text.optional(),
  TRIBUTARY_FAILPOINT: failpoint.optional(),
  TRIBUTARY_TEMPORAL_CLI: text.optional(),
  TRIBUTARY_DUCKDB_EXTENSIONS: text.optional(),
  TRIBUTARY_WEED: text.optional(),
  TRIBUTARY_TEMPORAL_TEST_SERVER: text.optional(),
  TRIBUTARY_CHROMIUM: text.optional(),
  LAKE_CATALOG: text.optional(),
  LAKE_DATA: text.optional(),
  LAKE_ENCRYPTED: flag.optional(),
  BILLING_SOURCE: text.optional(),
  S3_ENDPOINT: httpUrl.optional(),
  AWS_REGION: text.regex(/^[a-z0-9-]+$/, 'must be a region, like eu-central-1').optional(),
  AWS_ACCESS_KEY_ID: text.optional(),
  AWS_SECRET_ACCESS_KEY: text.optional(),
  AWS_SESSION_TOKEN: text.optional(),
  TEMPORAL_ADDRESS: hostAndPort.optional(),
  TEMPORAL_NAMESPACE: text.optional(),
  TEMPORAL_API_KEY: headerValue.optional(),
  TEMPORAL_UI_URL: httpUrl.optional(),
  TEMPORAL_TLS: flag.optional(),
  TEMPORAL_TLS_SERVER_NAME: text.optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: text.optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: text.optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: text.optional(),
  BIRDEYE_BASE_URL: httpUrl.optional(),
  BIRDEYE_API_KEY: headerValue.optional(),
  BIRDEYE_REQUESTS_PER_SECOND: rate.optional(),
  BIRDEYE_WALLET_GROUP_REQUESTS_PER_MINUTE: rate.optional(),
  BIRDEYE_COMPUTE_UNIT_PRICES: prices.optional(),
  HELIUS_BASE_URL: httpUrl.optional(),
  HELIUS_API_KEY: headerValue.optional(),
  WEBHOOK_URL: httpUrl.optional(),
  WEBHOOK_AUTH: headerValue.optional(),
  WEBHOOK_AUTH_PREVIOUS: headerValue.optional(),
  ALERT_WEBHOOK_URLS: receivers.optional(),
  ALERT_WEBHOOK_SECRET: headerValue.min(16, 'must have at least 16 characters').optional(),
  ALERT_WEBHOOK_ALLOW_LOOPBACK: flag.optional(),
  API_HOST: text.optional(),
  API_PORT: port.optional(),
  API_ALLOWED_HOSTS: hostNames.optional(),
  METRICS_HOST: text.optional(),
  METRICS_PORT: port.optional(),
  LOG_FORMAT: z.enum(['text', 'json'], 'must be text or json').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  API_TOKEN: headerValue.min(16, 'must have at least 16 characters').optional(),
})

export type Environment = z.infer<typeof environment>
export type VariableName = keyof Environment

const SECRETS: ReadonlySet<string> = new Set<VariableName>([
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'TEMPORAL_API_KEY',
  'BIRDEYE_API_KEY',
  'HELIUS_API_KEY',
  'WEBHOOK_AUTH',
  'WEBHOOK_AUTH_PREVIOUS',
  'ALERT_WEBHOOK_URLS',
  'ALERT_WEBHOOK_SECRET',
  'API_TOKEN',
])

/** One line of a refusal: the variable, its value (never a secret's), and the mend. A URL's password is left out. */
export function problemLine(name: string, value: string | undefined, mend: string): string {
  if (value === undefined) return `${name}: ${mend}`
  // A catalog string may hold a password in a place that its misspelling hides.
  const holdsSecret = SECRETS.has(name) || (name === 'LAKE_CATALOG' && /password|@/i.test(value))
  if (holdsSecret) return `${name}=[secret]: ${mend}`
  return `${name}=${JSON.stringify(value.replace(/\/\/[^@/\s]*@/, '//[secret]@'))}: ${mend}`
}

/** The names in `.env` that look like ours and are not: most often a misspelling that would be silently ignored. */
export function unknownNames(names: string[]): string[] {
  const known = new Set(Object.keys(environment.shape))
  return names.filter(
    (name) => /^(TRIBUTARY|LAKE|BILLING|BIRDEYE|HELIUS|WEBHOOK|ALERT|API)_/.test(name) && !known.has(name),
  )
}

function jsonOrUndefined(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
