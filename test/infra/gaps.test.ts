import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Session } from '../../infra/lake/session.js'
import { type Coverage, findGaps, type SourceRange } from '../../infra/lineage/gaps.js'

type Row = readonly [partition: string | null, start: string | null, end: string | null]

const dayOf = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().replace('.000Z', 'Z')

describe('the gaps between source ranges', () => {
  let session: Session
  beforeAll(async () => {
    session = new Session(await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect())
  })

  const coverageOf = async (rows: readonly Row[]): Promise<Coverage> => {
    const literal = (value: string | null) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`)
    const tuples = rows.map((row) => `(${row.map(literal).join(', ')})`)
    await session.run(
      'CREATE OR REPLACE TEMP TABLE ranges (partition VARCHAR, source_start VARCHAR, source_end VARCHAR)',
    )
    if (tuples.length > 0) await session.run(`INSERT INTO ranges VALUES ${tuples.join(', ')}`)
    return findGaps(session, 'ranges')
  }

  test('lie between numbers, each partition on its own, whatever the order and whatever is read twice', async () => {
    const coverage = await coverageOf([
      ['b', '100', '200'],
      ['a', '30', '40'],
      ['a', '0', '10'],
      ['a', '8', '20'],
      ['a', '35', '38'],
    ])
    expect(coverage).toEqual({
      partitions: [
        { partition: 'a', start: '0', end: '40', ranges: 4 },
        { partition: 'b', start: '100', end: '200', ranges: 1 },
      ],
      gaps: [{ partition: 'a', start: '20', end: '30' }],
      overlaps: [
        { partition: 'a', start: '8', end: '10' },
        { partition: 'a', start: '35', end: '38' },
      ],
    })
  })

  test('lie between times, in whatever zone they are written, down to the microsecond', async () => {
    const { gaps, overlaps } = await coverageOf([
      [null, '2026-11-01T00:00:00Z', '2026-11-02T01:00:00+01:00'],
      [null, '2026-11-02T00:00:00Z', '2026-11-03T00:00:00.000001Z'],
      [null, '2026-11-04T00:00:00Z', '2026-11-05T00:00:00Z'],
    ])
    expect(gaps).toEqual([{ partition: null, start: '2026-11-03T00:00:00.000001Z', end: '2026-11-04T00:00:00Z' }])
    expect(overlaps).toEqual([])
  })

  test('are exact for numbers beyond 2^63', async () => {
    const { gaps } = await coverageOf([
      ['', '90000000000000000000000000000000000001', '90000000000000000000000000000000000002'],
      ['', '90000000000000000000000000000000000003', '90000000000000000000000000000000000004'],
    ])
    expect(gaps).toEqual([
      {
        partition: '',
        start: '90000000000000000000000000000000000002',
        end: '90000000000000000000000000000000000003',
      },
    ])
  })

  test('are none where nothing was read, where ranges are empty and where a commit has no range', async () => {
    expect(await coverageOf([])).toEqual({ partitions: [], gaps: [], overlaps: [] })
    const { partitions, gaps, overlaps } = await coverageOf([
      ['a', '5', '5'],
      ['a', '10', '20'],
      ['a', '40', '40'],
      ['a', null, null],
    ])
    expect(partitions).toEqual([{ partition: 'a', start: '10', end: '20', ranges: 1 }])
    expect([...gaps, ...overlaps]).toEqual([])
  })

  test('go back without a known start where a range says so', async () => {
    const { gaps } = await coverageOf([
      ['a', '10', '20'],
      ['a', null, '10'],
    ])
    expect(gaps).toEqual([{ partition: 'a', start: null, end: '10' }])
  })

  test.each([
    [
      'mixed kinds',
      [
        ['a', '1', '2'],
        ['a', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'],
      ],
      /the bound "[12]"/,
    ],
    ['what is no bound', [['a', 'yesterday', '2026-11-02T00:00:00Z']], /the bound "yesterday"/],
    ['a range that runs backwards', [['a', '2', '1']], /partition "a" ends at 1, before it begins at 2/],
  ] as [string, Row[], RegExp][])('refuse %s', async (_, rows, message) => {
    await expect(coverageOf(rows)).rejects.toThrow(message)
  })

  test('are those that counting each unit finds', async () => {
    const range = fc.tuple(fc.constantFrom('a', 'b'), fc.nat(30), fc.nat(8))
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 12 }), fc.boolean(), async (ranges, isTime) => {
        const bound = isTime ? dayOf : String
        const rows = ranges.map(([partition, from, length]): Row => [partition, bound(from), bound(from + length)])
        const { gaps, overlaps } = await coverageOf(rows)
        expect({ gaps, overlaps }).toEqual({
          gaps: counted(ranges, (count, { from, to }, unit) => count === 0 && unit >= from && unit < to, bound),
          overlaps: counted(ranges, (count) => count > 1, bound),
        })
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})

/** Each maximal stretch of units, partition by partition, for which `is` holds; counts how many ranges hold each unit. */
const counted = (
  ranges: readonly (readonly [string, number, number])[],
  is: (count: number, span: { from: number; to: number }, unit: number) => boolean,
  bound: (unit: number) => string,
): SourceRange[] =>
  ['a', 'b'].flatMap((partition) => {
    const own = ranges.filter(([of, , length]) => of === partition && length > 0)
    const span = {
      from: Math.min(...own.map(([, from]) => from)),
      to: Math.max(...own.map(([, from, length]) => from + length)),
    }
    const found: SourceRange[] = []
    for (let unit = 0; unit < 40; unit += 1) {
      const count = own.filter(([, from, length]) => from <= unit && unit < from + length).length
      if (!is(count, span, unit)) continue
      const last = found.at(-1)
      if (last?.end === bound(unit)) found[found.length - 1] = { ...last, end: bound(unit + 1) }
      else found.push({ partition, start: bound(unit), end: bound(unit + 1) })
    }
    return found
  })
