import { quotedIdentifier } from '../../infra/lake/identifier.js'

/** 65,536 steps a column: finer than the files of any table, and four columns fit 64 bits. */
const bitsPerColumn = 16

/**
 * A SELECT of all rows of `relation` with a column `curve`: each row's place on the Z-order curve over `columns`. A column's values count by
 * their rank, so that skewed and textual ones spread evenly, and equal ones fall together; then the bits of the ranks are interleaved.
 */
export const alongZOrder = (relation: string, columns: readonly string[]): string => {
  const places = columns.map(
    (column, index) =>
      `(((rank() OVER (ORDER BY ${quotedIdentifier(column)}) - 1) << ${bitsPerColumn}) // count(*) OVER ())::UBIGINT AS place_${index}`,
  )
  const bits = columns.flatMap((_, index) =>
    Array.from(
      { length: bitsPerColumn },
      (__, bit) => `(((place_${index} >> ${bit}) & 1) << ${bit * columns.length + columns.length - 1 - index})`,
    ),
  )
  const helpers = columns.map((_, index) => `place_${index}`).join(', ')
  return `
    SELECT * EXCLUDE (${helpers}), ${bits.join(' | ')} AS curve
    FROM (SELECT *, ${places.join(', ')} FROM ${relation})`
}
