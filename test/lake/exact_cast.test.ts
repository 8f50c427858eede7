import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { exactCast } from '../../activities/lake/exact_cast.js'

let connection: DuckDBConnection
beforeAll(async () => {
  connection = await (await DuckDBInstance.create()).connect()
  await connection.run("SET TimeZone = 'UTC'")
})

/** What becomes of a value of a type: its text, or `lost`. */
const cast = async (literal: string, from: string, to: string): Promise<string> => {
  const exact = exactCast('v', from, to)
  if (exact === undefined) return 'no way'
  const { value, lost } = exact
  const sql = `SELECT CASE WHEN ${lost} THEN 'lost' ELSE CAST(${value} AS VARCHAR) END AS r FROM (SELECT (${literal})::${from} AS v)`
  return String((await connection.runAndReadAll(sql)).getRowObjectsJson()[0]?.['r'])
}

describe('a value', () => {
  test.each([
    ['2147483647', 'BIGINT', 'INTEGER', '2147483647'],
    ['2147483648', 'BIGINT', 'INTEGER', 'lost'],
    ['9007199254740993', 'BIGINT', 'DOUBLE', 'lost'],
    ['9007199254740992', 'BIGINT', 'DOUBLE', '9007199254740992.0'],
    ['12345678901234567890123', 'HUGEINT', 'DECIMAL(38,0)', '12345678901234567890123'],
    ['0.1', 'DOUBLE', 'DECIMAL(38,12)', '0.100000000000'],
    ['123456789.123456789', 'DOUBLE', 'DECIMAL(38,12)', '123456789.123456790000'],
    ['1e-13', 'DOUBLE', 'DECIMAL(38,12)', 'lost'],
    ["'nan'", 'DOUBLE', 'DECIMAL(38,12)', 'lost'],
    ['1.5', 'DOUBLE', 'BIGINT', 'lost'],
    ['12.50', 'DECIMAL(10,2)', 'DOUBLE', '12.5'],
    ['0.123456789012345678', 'DECIMAL(38,18)', 'DOUBLE', 'lost'],
    ['0.1234567890125', 'DECIMAL(38,18)', 'DECIMAL(38,12)', 'lost'],
    ['0.123456789012', 'DECIMAL(38,18)', 'DECIMAL(38,12)', '0.123456789012'],
    ["'0.1234567890120'", 'VARCHAR', 'DECIMAL(38,12)', '0.123456789012'],
    ["'0.1234567890125'", 'VARCHAR', 'DECIMAL(38,12)', 'lost'],
    ["'1.5'", 'VARCHAR', 'BIGINT', 'lost'],
    ["'12,5'", 'VARCHAR', 'DOUBLE', 'lost'],
    ["'0.12345678901234567'", 'VARCHAR', 'DOUBLE', '0.12345678901234566'],
    ["'0.123456789012345678'", 'VARCHAR', 'DOUBLE', 'lost'],
    ['1', 'INTEGER', 'BOOLEAN', 'true'],
    ['2', 'INTEGER', 'BOOLEAN', 'lost'],
    ["'yes'", 'VARCHAR', 'BOOLEAN', 'true'],
    ["'maybe'", 'VARCHAR', 'BOOLEAN', 'lost'],
    ["'2026-01-01 00:00:00.5'", 'TIMESTAMP', 'TIMESTAMPTZ', '2026-01-01 00:00:00.5+00'],
    ["'2026-01-01'", 'DATE', 'TIMESTAMPTZ', '2026-01-01 00:00:00+00'],
    ["'2026-01-01 00:00:00.123456000'", 'TIMESTAMP_NS', 'TIMESTAMPTZ', '2026-01-01 00:00:00.123456+00'],
    ["'2026-01-01 00:00:00.123456789'", 'TIMESTAMP_NS', 'TIMESTAMPTZ', 'lost'],
    ["'2026-01-01T02:00:00+02:00'", 'VARCHAR', 'TIMESTAMPTZ', '2026-01-01 00:00:00+00'],
    ["'2026-01-01T00:00:00.1234567Z'", 'VARCHAR', 'TIMESTAMPTZ', 'lost'],
    ["'soon'", 'VARCHAR', 'TIMESTAMPTZ', 'lost'],
    ['1767225600', 'BIGINT', 'TIMESTAMPTZ', 'no way'],
    ["'abc'", 'BLOB', 'VARCHAR', 'abc'],
    ["'\\xFF'", 'BLOB', 'VARCHAR', 'lost'],
    ['[1]', 'INTEGER[]', 'VARCHAR', 'no way'],
    ['true', 'BOOLEAN', 'DOUBLE', 'no way'],
    ['0.1', 'DOUBLE', 'VARCHAR', '0.1'],
  ])('%s of %s as %s is %s', async (literal, from, to, expected) => {
    expect(await cast(literal, from, to)).toBe(expected)
  })

  test('that is unknown stays so in every type', async () => {
    for (const from of ['BIGINT', 'DOUBLE', 'VARCHAR', 'DECIMAL(38,18)'])
      expect(await cast('NULL', from, 'DECIMAL(38,12)')).toBe('null')
  })
})
