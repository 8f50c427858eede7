import { InvalidInput } from '../errors.js'
import type { Session } from '../lake/session.js'

/** Half-open: `end` is the first that is not part of it. NULL partition where the source is not divided. */
export interface SourceRange {
  readonly partition: string | null
  /** An ISO time or a whole number; null where nothing before `end` is there and how far back that goes is not known. */
  readonly start: string | null
  readonly end: string
}

export interface Coverage {
  /** One per partition: from the first to the last that was read, and how many ranges were read for that. */
  readonly partitions: readonly (SourceRange & { readonly ranges: number })[]
  /** What lies between ranges that were read, and was not. */
  readonly gaps: readonly SourceRange[]
  /** What was read more than once. */
  readonly overlaps: readonly SourceRange[]
}

/**
 * Compares the source ranges of a relation with the columns `partition`, `source_start` and `source_end` (text, half-open), each
 * partition on its own. Bounds are whole numbers or ISO times, all of one kind; empty ranges cover nothing, and rows without an
 * end are no ranges. Throws InvalidInput on other bounds and on a range that ends before it begins.
 */
export const findGaps = async (session: Session, relation: string): Promise<Coverage> => {
  const kind = await kindOfBounds(session, relation)
  const rows = await session.all(`${rangesOf(relation, kind)}${found(kind)}`)
  const ranges = (what: string): SourceRange[] =>
    rows
      .filter((row) => row['what'] === what)
      .map((row) => ({
        partition: row['partition'] === null ? null : String(row['partition']),
        start: row['low'] === null ? null : String(row['low']),
        end: String(row['high']),
      }))
  const counts = rows.filter(({ what }) => what === 'partition').map(({ ranges }) => Number(ranges))
  return {
    partitions: ranges('partition').map((range, index) => ({ ...range, ranges: counts[index] ?? 0 })),
    gaps: ranges('gap'),
    overlaps: ranges('overlap'),
  }
}

interface Kind {
  readonly type: string
  /** A bound as text again. */
  readonly text: (bound: string) => string
}

const wholeNumber: Kind = { type: 'DECIMAL(38,0)', text: (bound) => `${bound}::VARCHAR` }
const moment: Kind = {
  type: 'TIMESTAMPTZ',
  text: (bound) => `strftime(${bound} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ').replace('.000000Z', 'Z')`,
}

const kindOfBounds = async (session: Session, relation: string): Promise<Kind> => {
  const row = await session.one(`
    WITH bounds AS (SELECT unnest([source_start, source_end]) AS bound FROM ${relation} WHERE source_end IS NOT NULL)
    SELECT bool_and(regexp_full_match(bound, '-?\\d+')) AS is_number,
      any_value(bound) FILTER (NOT regexp_full_match(bound, '-?\\d+') AND try_cast(bound AS TIMESTAMPTZ) IS NULL) AS unknown,
      any_value(bound) FILTER (regexp_full_match(bound, '-?\\d+')) AS number
    FROM bounds`)
  if (row['is_number'] === true || row['is_number'] === null) return wholeNumber
  const wrong = row['unknown'] ?? row['number']
  if (wrong !== null) {
    throw new InvalidInput(
      `a source range has the bound "${wrong}": bounds are whole numbers or ISO times, and all of a dataset of one kind`,
    )
  }
  return moment
}

const rangesOf = (relation: string, { type, text }: Kind): string => `
WITH range AS (
  SELECT partition, source_start::${type} AS low, source_end::${type} AS high FROM ${relation} WHERE source_end IS NOT NULL
), checked AS (
  SELECT partition, low, if(low > high, error('a source range of partition "' || coalesce(partition, '') || '" ends at '
    || ${text('high')} || ', before it begins at ' || ${text('low')}), high) AS high
  FROM range WHERE low IS NOT NULL
), placed AS (
  SELECT partition, low, high, max(high) OVER (PARTITION BY partition ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING
    AND 1 PRECEDING) AS reached
  FROM checked WHERE low < high
), twice AS (
  SELECT partition, low, least(high, reached) AS high FROM placed WHERE low < reached
), twice_placed AS (
  SELECT *, coalesce(low > max(high) OVER (PARTITION BY partition ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING
    AND 1 PRECEDING), true) AS begins
  FROM twice
), twice_numbered AS (
  SELECT *, sum(begins::INTEGER) OVER (PARTITION BY partition ORDER BY low, high ROWS UNBOUNDED PRECEDING) AS place FROM twice_placed
)`

const found = ({ text }: Kind): string => `
, found AS (
  SELECT 'partition' AS what, partition, min(low) AS low, max(high) AS high, count(*) AS ranges FROM placed GROUP BY partition
  UNION ALL SELECT 'gap', partition, reached, low, 0 FROM placed WHERE low > reached
  UNION ALL SELECT 'gap', partition, NULL, max(high), 0 FROM range WHERE low IS NULL GROUP BY partition
  UNION ALL SELECT 'overlap', partition, min(low), max(high), 0 FROM twice_numbered GROUP BY partition, place
)
SELECT what, partition, ${text('low')} AS low, ${text('high')} AS high, ranges
FROM found ORDER BY what, partition NULLS FIRST, found.low NULLS FIRST`
