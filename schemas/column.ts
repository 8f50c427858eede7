import { z } from 'zod'

/** One column kind: how the lake stores a value (SQL) and what a row may hold there (zod), defined as a pair and used everywhere. */
export interface Column<Value = unknown> {
  readonly sql: string
  readonly value: z.ZodType<Value>
  readonly nullable: boolean
}

export type Columns = Readonly<Record<string, Column>>

/** The TypeScript row that a set of columns describes. */
export type RowOf<C extends Columns> = { [Name in keyof C]: C[Name] extends Column<infer Value> ? Value : never }

const column = <Value>(sql: string, value: z.ZodType<Value>): Column<Value> => ({ sql, value, nullable: false })

/** The same column, where a value may be unknown. */
export const nullable = <Value>(of: Column<Value>): Column<Value | null> => ({
  sql: of.sql,
  value: of.value.nullable(),
  nullable: true,
})

const int64 = z
  .bigint()
  .min(-(2n ** 63n))
  .max(2n ** 63n - 1n)
/** DECIMAL(38,0) is the widest exact integer that survives Parquet; HUGEINT is written as DOUBLE. */
const integer38Digits = z
  .bigint()
  .gt(-(10n ** 38n))
  .lt(10n ** 38n)

export const text = column('VARCHAR', z.string())
export const boolean = column('BOOLEAN', z.boolean())
export const integer = column('INTEGER', z.int32())
export const bigint = column('BIGINT', int64)
export const double = column('DOUBLE', z.number())
export const timestamp = column('TIMESTAMPTZ', z.date())
/** A count of a token's smallest units. */
export const rawAmount = column('DECIMAL(38,0)', integer38Digits)
/** Money in USD, exact: 12 decimals keep a sum of 10,000 rounded trades within 5e-9 USD of the unrounded one. */
export const usd = column('DECIMAL(38,12)', z.string().regex(/^-?\d{1,26}(\.\d{1,12})?$/))
const decimal18 = z.string().regex(/^-?\d{1,20}(\.\d{1,18})?$/)
/** Money as its source states it, exact: invoices are stated to 10 or 11 decimals, prices and amortized shares to 18. */
export const cost = column('DECIMAL(38,18)', decimal18)
/** How much of something was used, in the unit beside it. What a source states beyond 18 decimals is rounded. */
export const quantity = column('DECIMAL(38,18)', decimal18)
export const texts = column('VARCHAR[]', z.array(z.string()))
export const textMap = column('MAP(VARCHAR, VARCHAR)', z.record(z.string(), z.string()))
