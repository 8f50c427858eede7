/** How a value of the source becomes one of the table, and the condition under which it would not be the same value any more. */
export interface ExactCast {
  readonly value: string
  /** SQL, true for a value that is there and cannot be kept exactly. */
  readonly lost: string
}

type Family = 'integer' | 'decimal' | 'float' | 'text' | 'boolean' | 'time' | 'nanoseconds' | 'bytes' | 'other'

const families: readonly (readonly [RegExp, Family])[] = [
  [/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/, 'integer'],
  [/^DECIMAL\(/, 'decimal'],
  [/^(FLOAT|DOUBLE)$/, 'float'],
  [/^(VARCHAR|UUID|JSON|ENUM\(.*\))$/s, 'text'],
  [/^BOOLEAN$/, 'boolean'],
  [/^(DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP WITH TIME ZONE)$/, 'time'],
  [/^TIMESTAMP_NS$/, 'nanoseconds'],
  [/^BLOB$/, 'bytes'],
]

const familyOf = (type: string): Family => families.find(([pattern]) => pattern.test(type))?.[1] ?? 'other'

/** A double written out in full has at most this many significant digits; more would not survive it. */
const doubleDigits = 17

/**
 * The cast of the SQL expression `from` into a type of schemas/column.ts; undefined where the two types have no exact one at all.
 * Times without a zone are UTC. A number is compared with itself after the way back, a text with what its digits may be.
 */
export const exactCast = (expression: string, from: string, to: string): ExactCast | undefined => {
  const target = to === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : to
  if (from === target) return { value: expression, lost: 'false' }
  const family = familyOf(from)
  if (target === 'VARCHAR') return toText(expression, family)
  if (target === 'TIMESTAMP WITH TIME ZONE') return toTime(expression, family)
  if (target === 'BOOLEAN')
    return family === 'integer' || family === 'text' ? viaSelf(expression, from, target) : undefined
  const goal = familyOf(target)
  if (!['integer', 'decimal', 'float'].includes(goal)) return undefined
  if (family === 'text') return textToNumber(expression, target, goal)
  if (!['integer', 'decimal', 'float'].includes(family)) return undefined
  // Between binary and decimal fractions the shortest text is exact; the engine's own arithmetic is not.
  return (family === 'float') !== (goal === 'float')
    ? viaText(expression, from, target)
    : viaSelf(expression, from, target)
}

const unless = (expression: string, kept: string): string => `${expression} IS NOT NULL AND (${kept}) IS NOT TRUE`

const viaSelf = (expression: string, from: string, to: string): ExactCast => {
  const value = `TRY_CAST(${expression} AS ${to})`
  // A text has many spellings of one truth value.
  const kept = from === 'VARCHAR' ? `${value} IS NOT NULL` : `TRY_CAST(${value} AS ${from}) = ${expression}`
  return { value, lost: unless(expression, kept) }
}

const viaText = (expression: string, from: string, to: string): ExactCast => {
  const value = `TRY_CAST(CAST(${expression} AS VARCHAR) AS ${to})`
  return { value, lost: unless(expression, `TRY_CAST(CAST(${value} AS VARCHAR) AS ${from}) = ${expression}`) }
}

const toText = (expression: string, family: Family): ExactCast | undefined => {
  if (family === 'other') return undefined
  if (family !== 'bytes') return { value: `CAST(${expression} AS VARCHAR)`, lost: 'false' }
  const value = `TRY(decode(${expression}))`
  return { value, lost: unless(expression, `${value} IS NOT NULL`) }
}

const toTime = (expression: string, family: Family): ExactCast | undefined => {
  if (family === 'text') {
    const value = `TRY_CAST(CAST(${expression} AS VARCHAR) AS TIMESTAMPTZ)`
    const kept = `${value} IS NOT NULL AND NOT regexp_matches(CAST(${expression} AS VARCHAR), '\\.\\d{6}0*[1-9]')`
    return { value, lost: unless(expression, kept) }
  }
  if (family !== 'time' && family !== 'nanoseconds') return undefined
  const micros = `CAST(${expression} AS TIMESTAMP)`
  return {
    value: `CAST(${micros} AS TIMESTAMPTZ)`,
    lost: family === 'time' ? 'false' : unless(expression, `CAST(${micros} AS TIMESTAMP_NS) = ${expression}`),
  }
}

const textToNumber = (expression: string, target: string, goal: Family): ExactCast => {
  const text = `CAST(${expression} AS VARCHAR)`
  const value = `TRY_CAST(${text} AS ${target})`
  const scale = goal === 'decimal' ? Number(/,\s*(\d+)\)$/.exec(target)?.[1] ?? 0) : 0
  const digits =
    goal === 'float'
      ? `length(ltrim(regexp_replace(regexp_replace(${text}, '[eE].*$', ''), '[^0-9]', '', 'g'), '0')) <= ${doubleDigits}`
      : `regexp_full_match(${text}, '\\s*[-+]?\\d+(\\.\\d{0,${scale}}0*)?\\s*')`
  return { value, lost: unless(expression, `${value} IS NOT NULL AND ${digits}`) }
}
