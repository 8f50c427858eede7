import { type Item, isItem } from './birdeye_fields.js'

const plainText = '"[^"\\\\\\u0000-\\u001f]*"'
const anyText = '"[^"\\\\\\u0000-\\u001f]*(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\\\\u0000-\\u001f]*)*"'
const anyNumber = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][-+]?\\d+)?'
const scalar = (text: string) => `(?:${text}|${anyNumber}|true|false|null)`
const count = (digits: number) => `(?:0|[1-9]\\d{0,${digits - 1}})`
const orNull = (pattern: string) => `(?:${pattern}|null)`
/** Without sign and of few digits: DuckDB drops the sign of -0 and has its own idea of what is too large. */
const measure = orNull(`${count(40)}(?:\\.\\d{1,40})?(?:[eE][-+]?\\d{1,2})?`)

type Fields = { readonly [name: string]: string | Fields }

/** How the fields that become columns are written where they mean to DuckDB exactly what they mean to `toSwap`. */
const leg: Fields = {
  address: plainText,
  symbol: orNull(plainText),
  decimals: count(9),
  change_amount: '-?[1-9]\\d{0,36}',
  price: measure,
  nearest_price: measure,
}
const swap: Fields = {
  base: leg,
  quote: leg,
  base_price: measure,
  quote_price: measure,
  tx_hash: `(${plainText})`,
  ins_index: `(${count(9)})`,
  inner_ins_index: `(${orNull(count(9))})`,
  block_unix_time: `(${count(10)})`,
  block_number: count(18),
  volume_usd: measure,
  source: orNull(plainText),
  address: orNull(plainText),
  interacted_program_id: orNull(plainText),
}
const captured = ['tx_hash', 'ins_index', 'inner_ins_index', 'block_unix_time']
const required = ['tx_hash', 'ins_index', 'block_unix_time', 'block_number']
const requiredOfLeg = ['address', 'decimals', 'change_amount']
/** Names under which `toSwap` would look for a field too. */
const otherName = /[A-Z]|^pool_id$/

/** How a source writes its swaps: the same fields in the same order. */
export interface SwapShape {
  /** Finds a swap that needs no second look: every field there once, of its type, in plain writing. Absent where a field is missing. */
  readonly regular: RegExp | undefined
  /** Finds whatever has the same fields in the same order. */
  readonly any: RegExp
  /** The number of the group that `regular` captures a field in. */
  readonly groups: Readonly<Record<string, number>>
}

/** The order of an item's fields, as a text to compare. */
export const fieldsOf = (item: Item): string =>
  Object.entries(item)
    .map(([name, value]) => (isItem(value) ? `${name}{${fieldsOf(value)}}` : name))
    .join()

/** The shape of all items with the same fields as this one. Its patterns match nothing that is not JSON. */
export const shapeOf = (item: Item): SwapShape => {
  const present = captured.filter((name) => name in item)
  const inOrder = Object.keys(item).filter((name) => present.includes(name))
  return {
    regular: isWhole(item) ? new RegExp(pattern(item, plainText, swap), 'y') : undefined,
    any: new RegExp(pattern(item, anyText, {}), 'y'),
    groups: Object.fromEntries(inOrder.map((name, index) => [name, index + 1])),
  }
}

const isWhole = (item: Item): boolean =>
  hasAll(item, required) && [item['base'], item['quote']].every((side) => isItem(side) && hasAll(side, requiredOfLeg))

const hasAll = (item: Item, names: readonly string[]): boolean =>
  names.every((name) => name in item) && !Object.keys(item).some((name) => otherName.test(name))

const pattern = (item: Item, text: string, fields: Fields): string => {
  const members = Object.entries(item).map(([name, value]) => {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined
    const found = typeof known === 'string' ? known : anyValue(value, text, known ?? {})
    return `${literal(JSON.stringify(name))}:${found}`
  })
  return `\\{${members.join(',')}\\}`
}

const anyValue = (value: unknown, text: string, fields: Fields): string => {
  if (isItem(value)) return pattern(value, text, fields)
  return Array.isArray(value) ? `\\[(?:${scalar(text)}(?:,${scalar(text)})*)?\\]` : scalar(text)
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
