import type { ColumnShape, TableShape } from './shape.js'

/** Something stored that cannot become what is defined without losing a value or a promise. */
export interface Difference {
  readonly field: string
  readonly stored: string
  readonly defined: string
  readonly why: string
}

/** Whether every value of `from` is exact in `to`. DuckLake itself would let a DECIMAL lose digits. */
export const widens = (from: string, to: string): boolean => {
  if (from === 'INTEGER' && to === 'BIGINT') return true
  const [before, after] = [from, to].map(decimal)
  if (before === undefined || after === undefined) return false
  return after.scale >= before.scale && after.width - after.scale >= before.width - before.scale
}

const decimal = (type: string): { width: number; scale: number } | undefined => {
  const [, width, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? []
  return width === undefined ? undefined : { width: Number(width), scale: Number(scale) }
}

const described = ({ type, nullable }: ColumnShape): string => `${type}${nullable ? '' : ' NOT NULL'}`

/** What stands against one column, if anything does; undefined stands for a side that does not have it. */
export const columnDifference = (
  field: string,
  stored: ColumnShape | undefined,
  defined: ColumnShape | undefined,
): Difference | undefined => {
  if (stored === undefined) {
    return defined === undefined || defined.nullable
      ? undefined
      : { field, stored: 'not at all', defined: described(defined), why: 'old rows have no value for it' }
  }
  if (defined === undefined)
    return { field, stored: described(stored), defined: 'not at all', why: 'its values would go' }
  const difference = { field, stored: described(stored), defined: described(defined) }
  if (stored.type !== defined.type && !widens(stored.type, defined.type)) {
    const digits = decimal(stored.type) !== undefined && decimal(defined.type) !== undefined
    return { ...difference, why: digits ? 'digits would be cut' : 'values need not fit' }
  }
  if (stored.nullable && !defined.nullable) return { ...difference, why: 'old rows may hold NULL' }
  return undefined
}

/** A key says which rows are the same row: another one, in whatever order, makes other rows of them. */
export const keyDifference = (stored: TableShape['key'], defined: TableShape['key']): Difference | undefined => {
  const [before, after] = [stored, defined].map((key) => [...key].sort().join(', '))
  if (before === after) return undefined
  return {
    field: 'key',
    stored: `(${stored.join(', ')})`,
    defined: `(${defined.join(', ')})`,
    why: 'other rows would be the same row',
  }
}
