/** Reads BirdEye's fields in either spelling. A value of the wrong type is passed on as it is, for the table's schema to refuse. */
export type Item = Readonly<Record<string, unknown>>

export const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Text without NUL, which no catalog and few readers store; empty text and absence are null. */
export const textOf = (value: unknown): unknown => {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' && value.includes('\u0000') ? value.replaceAll('\u0000', '') : value
}

/** An integer, whether it came as a number or as digits. */
export const bigintOf = (value: unknown): unknown => {
  if (typeof value === 'string') return /^-?\d{1,40}$/.test(value) ? BigInt(value) : value
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}

/** A finite number, whether it came as one or as text; absence is null. */
export const numberOf = (value: unknown): unknown => {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' && Number.isFinite(Number(value)) ? Number(value) : value
}

/** A moment given in Unix seconds; absence is null. */
export const momentOf = (value: unknown): unknown => {
  const seconds = numberOf(value)
  return typeof seconds === 'number' ? new Date(seconds * 1000) : seconds
}
