import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidInput } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import { openLake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { differingRows, diffTable } from '../../infra/lake/table_diff.js'
import { storedColumnsAt, tableAt } from '../../infra/lake/table_version.js'
import { snapshotNamed } from '../../infra/lake/version.js'
import { double, integer, nullable, text, timestamp, usd } from '../../schemas/column.js'
import { defineStage, defineTable } from '../../schemas/table.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const prices = defineTable('probe_silver.prices', {
  dataset: { purpose: 'probe', subject: 'price', grain: 'day' },
  grain: 'One row per token and day.',
  columns: {
    token: text,
    day: integer,
    price: nullable(double),
    value: nullable(usd),
    note: nullable(text),
    at: nullable(timestamp),
  },
  key: ['token', 'day'],
  checks: {},
  example: { token: 'a', day: 1, price: 1, value: '1.000000000000', note: null, at: null },
})
const silver = defineStage('probe_silver', [prices])
const name = inLake(prices.name)

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([silver], catalog)
  })
  afterAll(() => scratch.close())

  const current = async (session: Session) =>
    Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id'])
  /** Makes one snapshot, and resolves to its number. */
  const change = (...statements: string[]): Promise<number> =>
    scratch.lake.session(async (session) => {
      await session.transaction(async () => {
        for (const statement of statements) await session.run(statement)
      })
      return current(session)
    })
  const between = (from: number, to: number, limit = 100) =>
    scratch.lake.session(async (session) => {
      const [before, after] = [await storedColumnsAt(session, from), await storedColumnsAt(session, to)]
      const diff = await diffTable(
        session,
        prices,
        tableAt(prices, from, before.get(prices.name)),
        tableAt(prices, to, after.get(prices.name)),
      )
      return { ...diff, rows: await differingRows(session, prices, diff, limit) }
    })

  test('names added, removed and changed rows by key, with the columns that changed and their values', async () => {
    const from = await change(
      `INSERT INTO ${name} VALUES ('a', 1, 1.5, 2, 'x', NULL), ('a', 2, 1.5, 2, NULL, NULL), ('b', 1, 3, 4, 'gone', NULL)`,
    )
    const to = await change(
      `UPDATE ${name} SET price = 1.6, note = 'y' WHERE token = 'a' AND day = 1`,
      `DELETE FROM ${name} WHERE token = 'b'`,
      `INSERT INTO ${name} VALUES ('c', 1, 5, 0.000000000001, NULL, '2026-11-21 06:00:00+00')`,
    )
    expect(await between(from, to)).toMatchObject({
      added: 1,
      removed: 1,
      changed: 1,
      columns: { price: 1, note: 1 },
      rows: [
        {
          change: 'changed',
          key: { token: 'a', day: 1 },
          before: { price: 1.5, note: 'x' },
          after: { price: 1.6, note: 'y' },
        },
        { change: 'removed', key: { token: 'b', day: 1 }, before: { note: 'gone' }, after: undefined },
        {
          change: 'added',
          key: { token: 'c', day: 1 },
          before: undefined,
          after: { value: '0.000000000001', at: '2026-11-21 06:00:00+00' },
        },
      ],
    })
    const back = await between(to, from)
    expect(back).toMatchObject({ added: 1, removed: 1, changed: 1 })
    expect(await between(to, to)).toMatchObject({ added: 0, removed: 0, changed: 0, rows: [] })
    expect((await between(from, to, 1)).rows).toHaveLength(1)
  })

  test('takes NULL for equal to NULL, NaN to NaN and -0 to 0, and each for different from all else', async () => {
    const rows = (values: readonly string[]) =>
      `INSERT INTO ${name} VALUES ${values.map((value, day) => `('n', ${day}, ${value}, NULL, NULL, NULL)`).join(', ')}`
    const values = ['NULL', `'nan'::DOUBLE`, '-0.0', `'infinity'::DOUBLE`]
    const from = await change(`DELETE FROM ${name}`, rows(values))
    const same = await change(`DELETE FROM ${name}`, rows(['NULL', `-('nan'::DOUBLE)`, '0.0', `'infinity'::DOUBLE`]))
    expect(await between(from, same)).toMatchObject({ added: 0, removed: 0, changed: 0 })
    const other = await change(`DELETE FROM ${name}`, rows([`'nan'::DOUBLE`, 'NULL', '5e-324', `-'infinity'::DOUBLE`]))
    expect(await between(from, other)).toMatchObject({ added: 0, removed: 0, changed: 4, columns: { price: 4 } })
  })

  test('finds of thousands of rows exactly those that a comparison in JavaScript finds', async () => {
    const generate = (seed: number) =>
      `INSERT INTO ${name} SELECT 'g' || (i % 97), i, CASE WHEN hash(i, ${seed}) % 5 = 0 THEN NULL ELSE (i // 7)::DOUBLE END, i * 1.5, 'same', NULL
       FROM range(5000) AS r(i) WHERE hash(i, ${seed}, 1) % 11 > 0`
    const from = await change(`DELETE FROM ${name}`, generate(1))
    const to = await change(`DELETE FROM ${name}`, generate(2))
    const [before, after] = await scratch.lake.session(async (session) => {
      const at = async (id: number) =>
        new Map(
          (await session.all(`SELECT day, price FROM ${name} AT (VERSION => ${id})`)).map(({ day, price }) => [
            day,
            price,
          ]),
        )
      return [await at(from), await at(to)] as const
    })
    const days = (of: Iterable<[unknown, unknown]>) => [...of].map(([day]) => day)
    const expected = {
      added: days([...after].filter(([day]) => !before.has(day))).length,
      removed: days([...before].filter(([day]) => !after.has(day))).length,
      changed: days([...after].filter(([day, price]) => before.has(day) && before.get(day) !== price)).length,
    }
    expect(Math.min(...Object.values(expected))).toBeGreaterThan(100)
    expect(await between(from, to)).toMatchObject(expected)
  })

  test('compares with a time before the table and with one before a column', async () => {
    const created = await scratch.lake.session((session) =>
      session.one('SELECT min(snapshot_id) AS id FROM lake.snapshots()'),
    )
    const rows = Number(
      (await scratch.lake.session((session) => session.one(`SELECT count(*) AS n FROM ${name}`)))['n'],
    )
    const now = await scratch.lake.session(current)
    expect(await between(Number(created['id']), now)).toMatchObject({ added: rows, removed: 0, changed: 0 })
    const narrower = new Set(['token', 'day', 'price', 'value', 'note'])
    expect(tableAt(prices, now, narrower)).toContain('NULL::TIMESTAMPTZ AS "at"')
    expect(() => tableAt(prices, now, new Set(['token']))).toThrow(InvalidInput)
  })

  test('finds a snapshot by its number and by a time, and names the range where there is none', async () => {
    await scratch.lake.session(async (session) => {
      const newest = await current(session)
      const { time } = await session.one(
        'SELECT snapshot_time::VARCHAR AS time FROM lake.snapshots() WHERE snapshot_id = $id',
        {
          id: BigInt(newest),
        },
      )
      expect(await snapshotNamed(session, '--at', String(newest))).toBe(newest)
      expect(await snapshotNamed(session, '--at', String(time))).toBe(newest)
      expect(await snapshotNamed(session, '--at', '2999-01-01')).toBe(newest)
      for (const given of [String(newest + 1), '2001-01-01T00:00:00Z', 'yesterday'])
        await expect(snapshotNamed(session, '--at', given)).rejects.toThrow(
          new RegExp(`--at is "${given}": .*there are snapshots 0 \\(.*Z\\) to ${newest} \\(`),
        )
    })
  })
})

test('a lake opened at a snapshot is the lake as it was then', async () => {
  const scratch = await openScratchLake([silver], 'postgres')
  const count = `SELECT count(*)::INTEGER AS n FROM ${name}`
  const insert = (day: number) =>
    scratch.lake.session((session) => session.run(`INSERT INTO ${name} VALUES ('a', ${day}, 1, 1, '', NULL)`))
  await insert(1)
  const { id } = await scratch.lake.session((session) => session.one('SELECT id FROM lake.current_snapshot()'))
  await insert(2)
  const then = await openLake({ ...scratch.options, readOnly: true, at: String(id) })
  expect(await then.session((session) => session.all(count))).toEqual([{ n: 1 }])
  await then.close()
  expect(await scratch.lake.session((session) => session.all(count))).toEqual([{ n: 2 }])
  await expect(openLake({ ...scratch.options, readOnly: true, at: '4711' })).rejects.toThrow(
    /--at is "4711".*there are snapshots 0/,
  )
  await scratch.close()
})
