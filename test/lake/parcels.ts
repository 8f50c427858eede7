import { holds } from '../../schemas/check.js'
import { bigint, boolean, double, integer, nullable, rawAmount, text, timestamp, usd } from '../../schemas/column.js'
import { defineStage, defineTable } from '../../schemas/table.js'

/** A table with a column of every kind, for what carries rows in and out. */
export const parcels = defineTable('cargo_bronze.parcels', {
  dataset: { purpose: 'delivery', subject: 'parcel', grain: 'parcel' },
  grain: 'One row per parcel.',
  columns: {
    parcel_id: bigint,
    country: text,
    note: nullable(text),
    pieces: nullable(integer),
    fragile: nullable(boolean),
    weight_kg: nullable(double),
    atoms: nullable(rawAmount),
    value_usd: nullable(usd),
    sent_at: nullable(timestamp),
  },
  key: ['parcel_id'],
  partitionedBy: ['country'],
  sortedBy: ['parcel_id'],
  checks: {
    'pieces are not negative': holds('coalesce(pieces, 0) >= 0'),
    'values are not negative': holds('coalesce(value_usd, 0) >= 0'),
    'countries are two letters': holds('length(country) = 2'),
  },
  example: {
    parcel_id: 1n,
    country: 'de',
    note: 'it’s "here"\nor there',
    pieces: 3,
    fragile: true,
    weight_kg: 0.1,
    atoms: 99_999_999_999_999_999_999_999_999_999_999_999_999n,
    value_usd: '12345678901234.123456789012',
    sent_at: new Date('2026-11-21T06:00:00.123Z'),
  },
})

export const cargo = defineStage('cargo_bronze', [parcels])

/** SELECT of rows of the table, ids from `from` up to `to` exclusively, with NULLs, extremes and text that needs quoting. */
export const parcelRows = (from: number, to: number): string => `
  SELECT i::BIGINT AS parcel_id, CASE WHEN i % 3 = 0 THEN 'de' ELSE 'fr' END AS country,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'it’s "here",' || chr(10) || i ELSE 'plain' END AS note,
    CASE WHEN i % 5 > 0 THEN i::INTEGER END AS pieces, i % 2 = 0 AS fragile, i / 7 AS weight_kg,
    90000000000000000000000000000000000001::DECIMAL(38,0) + i AS atoms, i::DECIMAL(38,12) + 0.000000000001 AS value_usd,
    TIMESTAMPTZ '2026-01-01 00:00:00.000001+00' + i * INTERVAL 1 HOUR AS sent_at
  FROM range(${from}, ${to}) AS r(i)`
