import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { wilsonLowerBound } from '../../schemas/traders/silver/wallet_pnl_derivation.js'

test('the Wilson bound of any share of up to 1,000 lies between 0 and the share, and is known where it is printed', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const all = await connection.runAndReadAll(`
    SELECT count(*) AS outside
    FROM (SELECT n, wins FROM range(1, 1001) AS t(n), range(0, n + 1) AS w(wins))
    WHERE NOT (${wilsonLowerBound('wins', 'n')} BETWEEN 0 AND wins / n)`)
  expect(all.getRowObjectsJson()).toEqual([{ outside: '0' }])
  const known = await connection.runAndReadAll(`SELECT ${wilsonLowerBound('8', '10')} AS bound`)
  // Agresti and Coull (1998) and every table of it: 8 of 10 is 0.490 to 0.943.
  expect(known.getRowObjectsJson()[0]?.['bound']).toBeCloseTo(0.4902, 4)
})
