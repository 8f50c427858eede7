import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { Session } from '../../infra/lake/session.js'
import { rootsOf } from '../../infra/lineage/graph.js'
import { readLineage } from '../../infra/lineage/lineage.js'
import type { Origins } from '../../infra/lineage/origins.js'
import { text } from '../../schemas/column.js'
import { defineTable } from '../../schemas/table.js'
import { domains } from '../domains.js'

let session: Session
beforeAll(async () => {
  session = new Session(await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect())
})

/** `=t.a` is copied, `t.a` computed, `~t.a` only influences. */
const words = (origins: Origins): string =>
  [...origins]
    .map(([name, how]) => `${how === 'copied' ? '=' : how === 'influences' ? '~' : ''}${name}`)
    .sort()
    .join(' ')

describe('the lineage of tables', () => {
  const root = defineTable('test_bronze.root', {
    dataset: { purpose: 'test', subject: 'test', grain: 'row' },
    grain: 'One row.',
    columns: { k: text, x: text, y: text },
    key: ['k'],
    checks: {},
    example: { k: '', x: '', y: '' },
  })
  const derivedFrom = (select: string) =>
    defineTable('test_silver.derived', {
      dataset: { purpose: 'test', subject: 'derived', grain: 'row' },
      grain: 'One row.',
      columns: { k: text, z: text },
      key: ['k'],
      checks: {},
      example: { k: '', z: '' },
      derive: {
        from: {
          root,
          way: {
            name: 'way',
            derive: { from: { root }, select: ({ root }) => `SELECT k, x || y AS xy FROM ${root} WHERE y > ''` },
          },
        },
        select: ({ root = '', way = '' }) => select.replace('root', root).replace('way', way),
      },
    })

  test('goes through what is computed on the way, and on to the roots', async () => {
    const derived = derivedFrom('SELECT k, lower(xy) AS z FROM way')
    const top = defineTable('test_gold.top', {
      dataset: { purpose: 'test', subject: 'top', grain: 'row' },
      grain: 'One row.',
      columns: { n: text },
      key: ['n'],
      checks: {},
      example: { n: '' },
      derive: { from: { derived }, select: ({ derived }) => `SELECT z AS n FROM ${derived}` },
    })
    const lineage = await readLineage(session, [root, derived, top])
    expect(words(lineage.of('test_gold.top')?.columns.get('n') ?? new Map())).toBe('=test_silver.derived.z')
    expect(words(rootsOf(lineage, 'test_gold.top', 'n'))).toBe(
      'test_bronze.root.x test_bronze.root.y ~test_bronze.root.*',
    )
    expect(words(rootsOf(lineage, 'test_gold.top', '*'))).toBe('test_bronze.root.* ~test_bronze.root.y')
  })

  test('counts the column by which rows later than the run are left out', async () => {
    const derived = defineTable('test_silver.timely', {
      dataset: { purpose: 'test', subject: 'timely', grain: 'row' },
      grain: 'One row.',
      columns: { k: text },
      key: ['k'],
      checks: {},
      example: { k: '' },
      derive: { from: { root }, time: 'x', select: ({ root }) => `SELECT k FROM ${root}` },
    })
    const lineage = await readLineage(session, [root, derived])
    expect(words(lineage.of(derived.name)?.rows ?? new Map())).toBe('test_bronze.root.* ~$as_of ~test_bronze.root.x')
  })

  test.each([
    ['SELECT k, q AS z FROM root', /^test_silver\.derived: the column "q" is in none of/],
    ['SELECT k FROM root', /^the derivation of test_silver\.derived has no column "z"/],
  ])('names the table whose derivation cannot be resolved: %s', async (select, message) => {
    await expect(readLineage(session, [derivedFrom(select)])).rejects.toThrow(message)
  })

  test('resolves every column of every table that is derived, and every other table names its source', async () => {
    const tables = domains.flatMap(({ stages }) => stages).flatMap((stage) => stage.tables)
    const lineage = await readLineage(session, tables)
    for (const { table, columns, rows } of lineage.tables) {
      const isDerived = table.derive !== undefined
      expect([...columns.keys()], table.name).toEqual(isDerived ? Object.keys(table.columns) : [])
      expect(rows.size > 0, table.name).toBe(isDerived)
      expect(table.source.length > 0, table.name).toBe(!isDerived)
      for (const column of columns.keys()) {
        const strangers = [...rootsOf(lineage, table.name, column).keys()].filter((origin) => !isRoot(tables, origin))
        expect(strangers, `${table.name}.${column}`).toEqual([])
      }
    }
  }, 60_000)
})

/** A parameter, or a column (or the rows) of a table that no SELECT derives. */
const isRoot = (tables: readonly { name: string; columns: object; derive: unknown }[], origin: string): boolean =>
  origin.startsWith('$') ||
  tables.some(
    ({ name, columns, derive }) =>
      derive === undefined && ['*', ...Object.keys(columns)].some((column) => origin === `${name}.${column}`),
  )
