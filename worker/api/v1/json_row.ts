import type { Json } from '@duckdb/node-api'
import { z } from 'zod'
import type { Column, Columns } from '../../../schemas/column.js'

/** A count or amount that may not fit a double: digits, as text. */
export const digits = z
  .string()
  .regex(/^-?\d+$/)
  .describe('a whole number, exact')
const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe('a decimal number, exact')
export const moment = z.iso.datetime().describe('ISO 8601, UTC')

const kinds: Readonly<Record<string, z.ZodType>> = {
  VARCHAR: z.string(),
  BOOLEAN: z.boolean(),
  INTEGER: z.int32(),
  BIGINT: digits,
  DOUBLE: z.number(),
  TIMESTAMPTZ: moment,
}

const jsonColumn = ({ sql, nullable }: Column): z.ZodType => {
  const kind = kinds[sql] ?? (sql.startsWith('DECIMAL(38,0') ? digits : decimal)
  return nullable ? kind.nullable() : kind
}

/** A row of a table as the API gives it: the same columns, what a double cannot hold as text, times as ISO 8601. */
export const jsonRow = (columns: Columns, more: z.ZodRawShape = {}) =>
  z.object({
    ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, jsonColumn(column)])),
    ...more,
  })

const lakeTime = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\+00$/

/** A value of the lake with its times as ISO 8601, at any depth. */
export const isoTimes = (value: unknown): Json => {
  if (Array.isArray(value)) return value.map(isoTimes)
  if (typeof value === 'string') return value.replace(lakeTime, '$1T$2Z')
  if (value === null || value === undefined) return null
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, isoTimes(each)]))
  return typeof value === 'bigint'
    ? String(value)
    : typeof value === 'number' || typeof value === 'boolean'
      ? value
      : null
}
