import type { FaultRule } from './faults.js'
import { createRandom, mixSeed, shuffle } from './random.js'

/** Rows of an answer: positions in a list, and what the faults do to them. */
export type Window = { from: number; to: number; hasNext: boolean }

/** The rows [from, to) of `total` that a request gets, faults in the paging included. `first` is where the list begins. */
export function windowOf(
  first: number,
  from: number,
  limit: number,
  total: number,
  faults: readonly FaultRule[],
): Window {
  let start = from
  for (const fault of faults) {
    // Rows that arrived above, or a page that begins too early: either way rows of the page before come again.
    if (fault.kind === 'duplicate_rows' || fault.kind === 'moved_page')
      start = Math.max(first, start - (fault.rows ?? 3))
    if (fault.kind === 'repeated_cursor') start = first
  }
  const to = Math.max(start, Math.min(total, start + limit))
  const repeats = faults.some((fault) => fault.kind === 'repeated_cursor')
  return { from: start, to, hasNext: repeats || to < total }
}

/** Whether single rows must be touched, which costs the fast path. */
export function touchesRows(faults: readonly FaultRule[]): boolean {
  return faults.some((fault) => fault.kind === 'reordered_rows' || fault.kind === 'changed_schema')
}

/** Reorders rows or breaks the shape of some of them, as the faults say. */
export function spoilRows(rows: string[], faults: readonly FaultRule[]): string[] {
  let spoiled = rows
  for (const fault of faults) {
    const random = createRandom(mixSeed(fault.seed ?? 1, rows.length, ...Buffer.from(rows[0]?.slice(0, 400) ?? '')))
    if (fault.kind === 'reordered_rows') spoiled = shuffle(random, [...spoiled])
    if (fault.kind === 'changed_schema') {
      spoiled = spoiled.map((row) => (random.chance(fault.share ?? 0.1) ? renamed(row) : row))
    }
  }
  return spoiled
}

/** A row after an unannounced release: the field that matters most has another name. */
function renamed(row: string): string {
  const field = ['block_unix_time', 'owner', 'address'].find((name) => row.includes(`"${name}":`))
  return field === undefined ? row : row.replace(`"${field}":`, `"renamed_${field}":`)
}

/** Writes snake_case keys in camelCase. */
export function camelCased(json: string): string {
  return json.replace(/"([a-z0-9]+(?:_[a-z0-9]+)+)":/g, (_, key: string) => {
    return `"${key.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())}":`
  })
}
