import { describe, expect, test } from 'vitest'
import { columnDifference, keyDifference, widens } from '../../infra/lake/reconcile/difference.js'

describe('a stored column and a defined one', () => {
  test.each([
    ['INTEGER', 'BIGINT', true],
    ['BIGINT', 'INTEGER', false],
    ['DECIMAL(10,2)', 'DECIMAL(12,2)', true],
    ['DECIMAL(10,2)', 'DECIMAL(12,4)', true],
    ['DECIMAL(10,2)', 'DECIMAL(12,5)', false],
    ['DECIMAL(10,2)', 'DECIMAL(38,1)', false],
    ['DECIMAL(38,0)', 'DECIMAL(38,12)', false],
    ['INTEGER', 'VARCHAR', false],
    ['DOUBLE', 'BIGINT', false],
    ['BIGINT', 'DOUBLE', false],
    ['INTEGER', 'DECIMAL(38,0)', false],
  ])('%s to %s keeps every value: %s', (stored, defined, kept) => {
    expect(widens(stored, defined)).toBe(kept)
    const difference = columnDifference('x', { type: stored, nullable: false }, { type: defined, nullable: false })
    expect(difference === undefined).toBe(kept)
  })

  test('say what cannot be kept', () => {
    const required = { type: 'INTEGER', nullable: false }
    const optional = { type: 'INTEGER', nullable: true }
    expect(columnDifference('x', undefined, optional)).toBeUndefined()
    expect(columnDifference('x', required, optional)).toBeUndefined()
    expect(columnDifference('x', undefined, required)?.why).toBe('old rows have no value for it')
    expect(columnDifference('x', optional, undefined)?.why).toBe('its values would go')
    expect(columnDifference('x', optional, required)?.why).toBe('old rows may hold NULL')
    expect(
      columnDifference('x', { type: 'DECIMAL(20,10)', nullable: false }, { type: 'DECIMAL(38,2)', nullable: false })
        ?.why,
    ).toBe('digits would be cut')
  })

  test('have one key, in whatever order it is written', () => {
    expect(keyDifference(['a', 'b'], ['b', 'a'])).toBeUndefined()
    expect(keyDifference(['a'], ['a', 'b'])).toMatchObject({ stored: '(a)', defined: '(a, b)' })
  })
})
