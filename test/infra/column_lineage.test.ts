import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { Session } from '../../infra/lake/session.js'
import type { Origins, Relation } from '../../infra/lineage/origins.js'
import { queryRelation } from '../../infra/lineage/query.js'
import { createParser, type Parser } from '../../infra/lineage/syntax.js'

/** Relations t (a, b, c, l), u (a, d) and v (k, e): each column comes from itself, `t.a`. */
const shapes: Readonly<Record<string, readonly string[]>> = { t: ['a', 'b', 'c', 'l'], u: ['a', 'd'], v: ['k', 'e'] }
const relation = (name: string): Relation | undefined => {
  const columns = shapes[name]
  return columns === undefined
    ? undefined
    : {
        columns: new Map(columns.map((column) => [column, { origins: new Map([[`${name}.${column}`, 'copied']]) }])),
        rows: new Map([[`${name}.*`, 'computed']]),
      }
}

let parser: Parser
beforeAll(async () => {
  const session = new Session(await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect())
  parser = await createParser(session)
})

/** `=t.a` is copied, `t.a` computed, `~t.a` only influences. */
const words = (origins: Origins): string =>
  [...origins]
    .map(([name, how]) => `${how === 'copied' ? '=' : how === 'influences' ? '~' : ''}${name}`)
    .sort()
    .join(' ')

const lineageOf = async (sql: string): Promise<Record<string, string>> => {
  const environment = { aggregates: parser.aggregates, table: relation, withs: new Map<string, Relation>() }
  const { columns, rows } = queryRelation(await parser.parse(sql), environment, undefined)
  const named = [...columns].map(([name, { origins }]): [string, string] => [name, words(origins)])
  return { ...Object.fromEntries(named), rows: words(rows) }
}

describe('where a column comes from', () => {
  test.each<[string, string, Record<string, string>]>([
    [
      'a column, an expression, a constant and a parameter',
      'SELECT a, b + c AS s, 1 AS one, $p AS p, upper(a) AS u FROM t',
      { a: '=t.a', s: 't.b t.c', one: '', p: '=$p', u: 't.a', rows: 't.*' },
    ],
    [
      'stars',
      'SELECT t.* EXCLUDE (l) REPLACE (a || b AS c) RENAME (b AS z), u.d FROM t JOIN u USING (a)',
      { a: '=t.a', z: '=t.b', c: 't.a t.b', d: '=u.d', rows: 't.* u.* ~t.a ~u.a' },
    ],
    ['a cast', 'SELECT a::INTEGER AS a FROM t', { a: 't.a', rows: 't.*' }],
    [
      'its own names further on',
      'SELECT a + 1 AS x, x * 2 AS y FROM t WHERE x > 3',
      { x: 't.a', y: 't.a', rows: 't.* ~t.a' },
    ],
    ['a column rather than an own name', 'SELECT b AS a FROM t GROUP BY a', { a: '=t.b', rows: 't.* ~t.a' }],
    ['a case', "SELECT CASE WHEN a > 0 THEN b ELSE 'x' END AS s FROM t", { s: 't.a t.b', rows: 't.*' }],
    [
      'WITH, one on the other, with names of its own',
      'WITH x(p, q) AS (SELECT a, b FROM t), y AS (SELECT p + q AS r, p FROM x WHERE q > 0) SELECT r, p FROM y',
      { r: 't.a t.b', p: '=t.a', rows: 't.* ~t.b' },
    ],
    [
      'a subquery with an alias list',
      'SELECT s.y FROM (SELECT a, b FROM t LIMIT 5) AS s (x, y)',
      { y: '=t.b', rows: 't.*' },
    ],
    [
      'USING: the left one, the right one or both',
      'SELECT a, (SELECT 1) AS one FROM t RIGHT JOIN u USING (a)',
      { a: '=u.a', one: '', rows: 't.* u.* ~t.a ~u.a' },
    ],
    [
      'a full join',
      'SELECT a, t.a AS mine FROM t FULL JOIN u USING (a)',
      { a: 't.a u.a', mine: '=t.a', rows: 't.* u.* ~t.a ~u.a' },
    ],
    [
      'a natural join',
      'SELECT * FROM u NATURAL JOIN t',
      { a: '=u.a', d: '=u.d', b: '=t.b', c: '=t.c', l: '=t.l', rows: 't.* u.* ~t.a ~u.a' },
    ],
    [
      'a join condition',
      'SELECT b, e FROM t LEFT JOIN v ON t.a = v.k',
      { b: '=t.b', e: '=v.e', rows: 't.* v.* ~t.a ~v.k' },
    ],
    [
      'semi joins, which give nothing',
      'SELECT * FROM u SEMI JOIN v ON u.a = v.k',
      { a: '=u.a', d: '=u.d', rows: 'u.* ~u.a ~v.* ~v.k' },
    ],
    [
      'one table twice',
      'SELECT x.b AS p, y.c AS q FROM t AS x JOIN t AS y ON x.a = y.a',
      { p: '=t.b', q: '=t.c', rows: 't.* ~t.a' },
    ],
    [
      'aggregates, filtered and in order',
      'SELECT a, sum(b) FILTER (c > 0) AS s, count(*) AS n, list(b ORDER BY c) AS l FROM t GROUP BY a HAVING max(l) > 1',
      { a: '=t.a', s: 't.b ~t.c', n: 't.*', l: 't.b ~t.c', rows: 't.* ~t.a ~t.l' },
    ],
    [
      'GROUP BY ALL',
      'SELECT a, b + 1 AS x, sum(c) AS s FROM t GROUP BY ALL',
      { a: '=t.a', x: 't.b', s: 't.c', rows: 't.* ~t.a ~t.b' },
    ],
    ['GROUP BY place', 'SELECT a, max(b) AS m FROM t GROUP BY 1', { a: '=t.a', m: 't.b', rows: 't.* ~t.a' }],
    [
      'windows, named ones and those of no argument',
      'SELECT sum(b) OVER w AS s, row_number() OVER (ORDER BY c) AS n, lag(b, 1) OVER w AS p FROM t WINDOW w AS (PARTITION BY a ORDER BY c)',
      { s: 't.b ~t.a ~t.c', n: 't.* ~t.c', p: 't.b ~t.a ~t.c', rows: 't.*' },
    ],
    [
      'QUALIFY, ORDER BY and DISTINCT',
      'SELECT DISTINCT b FROM t QUALIFY row_number() OVER (PARTITION BY a) = 1 ORDER BY c LIMIT 1',
      { b: '=t.b', rows: 't.* ~t.a ~t.b ~t.c' },
    ],
    [
      'both branches of a union, by place',
      'SELECT a, b FROM t UNION ALL SELECT k, e || k FROM v',
      { a: '=t.a =v.k', b: '=t.b v.e v.k', rows: 't.* v.*' },
    ],
    [
      'both branches of a union, by name',
      'SELECT a, b FROM t UNION ALL BY NAME SELECT e AS b, k AS x FROM v',
      { a: '=t.a', b: '=t.b =v.e', x: '=v.k', rows: 't.* v.*' },
    ],
    [
      'a union without duplicates',
      'SELECT a FROM t UNION SELECT k FROM v',
      { a: '=t.a =v.k', rows: 't.* v.* ~t.a ~v.k' },
    ],
    ['what is taken away', 'SELECT a FROM t EXCEPT SELECT k FROM v', { a: '=t.a', rows: 't.* v.* ~t.a ~v.k' }],
    [
      'structs by their fields, in lists too',
      "SELECT s.x, s.y FROM (SELECT unnest([{x: a, y: 'n'}, {x: b, y: c}]) AS s FROM t)",
      { x: '=t.a =t.b', y: '=t.c', rows: 't.*' },
    ],
    [
      'fields of what is no struct of the query',
      'SELECT l.x.y AS y, l[1] AS e FROM t',
      { y: '=t.l', e: 't.l', rows: 't.*' },
    ],
    [
      'a scalar subquery, and one that looks outside',
      'SELECT (SELECT max(e) FROM v WHERE v.k = t.a) AS m FROM t',
      { m: 'v.e ~t.a ~v.* ~v.k', rows: 't.*' },
    ],
    [
      'IN and EXISTS',
      'SELECT b FROM t WHERE a IN (SELECT k FROM v) AND EXISTS (FROM u WHERE u.d = t.c)',
      { b: '=t.b', rows: 't.* ~t.a ~t.c ~u.* ~u.d ~v.* ~v.k' },
    ],
    ['unnest beside its table', 'SELECT a, e FROM t, unnest(t.l) AS x(e)', { a: '=t.a', e: 't.l', rows: 't.* ~t.l' }],
    ['a lateral subquery', 'SELECT w FROM t, LATERAL (SELECT t.b || t.c AS w)', { w: 't.b t.c', rows: 't.*' }],
    ['VALUES', "SELECT n, a FROM (VALUES ('x', 1), ('y', 2)) AS s (n, m), t", { n: '', a: '=t.a', rows: 't.*' }],
    ['lambdas', 'SELECT list_transform(l, x -> x + b) AS m FROM t', { m: 't.b t.l', rows: 't.*' }],
    [
      'a recursive query',
      'WITH RECURSIVE r AS (SELECT a, 1 AS n FROM t UNION ALL SELECT v.e, n + 1 FROM r JOIN v ON r.a = v.k) SELECT a, n FROM r',
      { a: '=t.a =v.e', n: '', rows: 't.* v.* ~t.a ~v.e ~v.k' },
    ],
    ['a whole row', 'SELECT u AS r FROM u', { r: '=u.a =u.d', rows: 'u.*' }],
  ])('is found through %s', async (_, sql, expected) => {
    expect(await lineageOf(sql)).toEqual(expected)
  })

  test.each([
    ['SELECT x FROM t', 'the column "x" is in none of: t (a, b, c, l)'],
    ['SELECT t.x FROM t', 'the column "t.x" is in none of'],
    ['SELECT a FROM t, u', 'the column "a" is in more than one relation'],
    ['SELECT a FROM w', 'the relation "w" is none that the query was given'],
    ['SELECT x.* FROM t', 'x.* names no relation'],
    ['SELECT COLUMNS(*) FROM t', 'COLUMNS(...) is not resolved'],
    ["SELECT a FROM read_csv('x')", 'the columns of read_csv(...) are not known here'],
    ['SELECT a FROM', 'DuckDB cannot read this as one SELECT'],
    ['SELECT a FROM t; SELECT a FROM t', 'DuckDB cannot read this as one SELECT'],
    ['SELECT x + 1 AS x FROM t', 'the column "x" is in none of'],
  ])('is refused, not guessed: %s', async (sql, message) => {
    await expect(lineageOf(sql)).rejects.toThrow(message)
  })
})
