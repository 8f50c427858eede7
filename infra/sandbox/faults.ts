import { createRandom, mixSeed } from './random.js'

/** What can go wrong on request. */
export const FAULT_KINDS = [
  'rate_limited',
  'server_error',
  'hang',
  'slow',
  'truncated',
  'malformed',
  'refused_ok',
  'quota',
  'page_size',
  'duplicate_rows',
  'moved_page',
  'reordered_rows',
  'changed_schema',
  'repeated_cursor',
  'applied_then_error',
  'webhook_inactive',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** One rule: which requests it meets, how often, and what happens to them. */
export type FaultRule = {
  kind: FaultKind
  /** Part of the path, such as `seek_by_time`; all paths if absent. */
  path?: string
  method?: string
  /** Part of the query string, such as a wallet's address. */
  query?: string
  /** Chance of each request met, 1 if absent; drawn from `seed`, so that a run repeats. */
  probability?: number
  seed?: number
  /** Requests let through first. */
  after?: number
  /** Requests hit at most. */
  times?: number
  /** HTTP status of `server_error` (500) and `applied_then_error`. */
  status?: number
  /** `rate_limited`: seconds in Retry-After; absent, the header is too. */
  retryAfterS?: number
  /** `slow`: how long the answer waits, in ms. */
  delayMs?: number
  /** `page_size`: the largest limit that is still taken (50). */
  largestLimit?: number
  /** `duplicate_rows`, `moved_page`: how many rows of the page before come again (3). */
  rows?: number
  /** `changed_schema`: share of the rows that are changed (0.1). */
  share?: number
}

export type Faults = {
  add(...rules: FaultRule[]): void
  clear(): void
  /** The rules that hit this request; counts it against their limits. */
  meet(method: string, path: string, query: string): FaultRule[]
}

/** An empty rule book with the given rules. */
export function createFaults(initial: readonly FaultRule[]): Faults {
  type Armed = { rule: FaultRule; met: number; hit: number; draw(): number }
  const armed: Armed[] = []
  const add = (...rules: FaultRule[]) => {
    for (const rule of rules) {
      const random = createRandom(mixSeed(rule.seed ?? 1, armed.length))
      armed.push({ rule, met: 0, hit: 0, draw: () => random.next() })
    }
  }
  add(...initial)
  const hits = (entry: Armed, method: string, path: string, query: string): boolean => {
    const { rule } = entry
    if (rule.method !== undefined && rule.method !== method) return false
    if (rule.path !== undefined && !path.includes(rule.path)) return false
    if (rule.query !== undefined && !query.includes(rule.query)) return false
    entry.met += 1
    if (entry.met <= (rule.after ?? 0) || entry.hit >= (rule.times ?? Number.POSITIVE_INFINITY)) return false
    if (rule.probability !== undefined && entry.draw() >= rule.probability) return false
    entry.hit += 1
    return true
  }
  return {
    add,
    clear: () => armed.splice(0),
    meet: (method, path, query) => armed.filter((entry) => hits(entry, method, path, query)).map((entry) => entry.rule),
  }
}
