import { Refused, refusal } from './reply.js'

/** Everywhere `offset + limit` may reach this far. */
const DEEPEST_ROW = 10_000
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/

/** Reads and validates a query in the vendor's words; throws Refused. */
export type Parameters = {
  integer(name: string, range: readonly [number, number], fallback: number): number
  optionalInteger(name: string): number | undefined
  optionalNumber(name: string): number | undefined
  choice(name: string, choices: readonly string[], fallback?: string): string
  address(name?: string): string
  page(largest: number, fallback: number): { offset: number; limit: number }
}

export function readParameters(query: URLSearchParams): Parameters {
  const refuse = (message: string): never => {
    throw new Refused(refusal(400, message))
  }
  const whole = (name: string): number | undefined => {
    const text = query.get(name)
    if (text === null || text === '') return undefined
    return /^-?\d{1,15}$/.test(text) ? Number(text) : refuse(`${name} should be integer`)
  }
  const integer: Parameters['integer'] = (name, [least, most], fallback) => {
    const text = query.get(name)
    if (text === null) return fallback
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most ? value : refuse(`${name} should be integer, range ${least}-${most}`)
  }
  return {
    integer,
    optionalInteger: whole,
    optionalNumber(name) {
      const text = query.get(name)
      if (text === null || text === '') return undefined
      const value = Number(text)
      return Number.isFinite(value) ? value : refuse(`${name} should be number`)
    },
    choice(name, choices, fallback) {
      const value = query.get(name) ?? fallback ?? ''
      return choices.includes(value) ? value : refuse(`${name} invalid format`)
    },
    address(name = 'address') {
      const value = query.get(name) ?? ''
      return ADDRESS.test(value) ? value : refuse(`${name} is invalid format`)
    },
    page(largest, fallback) {
      const limit = integer('limit', [1, largest], fallback)
      const offset = integer('offset', [0, DEEPEST_ROW], 0)
      if (offset + limit > DEEPEST_ROW) refuse(`offset + limit should be less than or equal to ${DEEPEST_ROW}`)
      return { offset, limit }
    },
  }
}
