import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { BirdEyeWork } from '../../activities/traders/birdeye.js'
import { fetchHistory, type HistoryPage } from '../../activities/traders/birdeye_history.js'
import { toPage } from '../../activities/traders/birdeye_page.js'
import { historyEndpoint } from '../../activities/traders/birdeye_span.js'
import { distinctRejections, type RejectedRow } from '../../activities/traders/bronze_rejections.js'
import { stageSwaps } from '../../activities/traders/stage_swaps.js'
import { UnparsedPage } from '../../activities/traders/unparsed_page.js'
import { SourceChanged, SourceUnavailable } from '../../infra/errors.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { Session } from '../../infra/lake/session.js'

const now = 1_795_000_000

/** JSON text whose digits, names and repetitions are the test's own. */
const object = (members: readonly (readonly [name: string, json: string])[]): string =>
  `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
type Members = readonly (readonly [name: string, json: string])[]

const leg = (change: Members = []): string =>
  object([
    ['symbol', '"SOL"'],
    ['decimals', '9'],
    ['address', '"So11111111111111111111111111111111111111112"'],
    ['amount', '5000000000000000001'],
    ['type_swap', '"to"'],
    ['price', '182.32'],
    ['nearest_price', '182.5'],
    ['change_amount', '5000000000000000001'],
    ['multiplier', 'null'],
    ...change,
  ])
const swap = (change: Members = [], base: Members = [], quote: Members = []): Members => [
  ['base', leg(base)],
  ['quote', leg(quote)],
  ['base_price', '1.5'],
  ['quote_price', '2'],
  ['tx_hash', '"hash"'],
  ['source', '"raydium"'],
  ['block_unix_time', String(now)],
  ['block_number', '300000000'],
  ['address', '"pool"'],
  ['owner', '"someone"'],
  ['volume_usd', '484.06'],
  ['ins_index', '2'],
  ['inner_ins_index', '0'],
  ['signers', '["someone"]'],
  ['interacted_program_id', '"program"'],
  ...change,
]
const pageOf = (items: readonly string[], hasNext = false): string =>
  `{"success":true,"data":{"items":[${items.join(',')}],"hasNext":${hasNext}}}`

const folder = mkdtempSync(path.join(tmpdir(), 'tributary-pages-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Everything one wallet's pages give, whether DuckDB may read them or not, and how many of its swaps it did read. */
const readAll = async (answers: readonly string[], mayLeaveUnparsed: boolean) => {
  let next = 0
  const work: BirdEyeWork = {
    page: async (endpoint, _, __, read) => {
      const answer = answers[next] ?? pageOf([])
      next += 1
      return read?.(Buffer.from(answer)) ?? toPage(endpoint, (parseLossless(answer) as { data: unknown }).data)
    },
  }
  const request = { walletAddress: 'wallet "1"', asOf: new Date((now + 60) * 1000), cursor: undefined, days: 90 }
  const connection = await instance.connect()
  const session = new Session(connection)
  const found: RejectedRow[] = []
  let cursor: Partial<HistoryPage['cursor']> = {}
  const pages = async function* (): AsyncGenerator<HistoryPage> {
    for await (const page of fetchHistory(work, { ...request, maxTransactions: 1e6, mayLeaveUnparsed })) {
      found.push(...page.rejected)
      cursor = page.cursor
      yield page
    }
  }
  try {
    const { staged, rejected } = await stageSwaps(session, folder, pages())
    expect(readdirSync(folder)).toEqual([])
    const rows = await session.all(`SELECT * EXCLUDE (file, is_odd, is_outside) FROM ${staged} ORDER BY ALL`)
    const refused = distinctRejections([...found, ...rejected]).sort((a, b) => (a.raw_json < b.raw_json ? -1 : 1))
    const byDuckDb = Number((await session.one(`SELECT count(file) AS n FROM ${staged}`))['n'])
    return { rows, refused, cursor, byDuckDb, asked: next }
  } catch (error) {
    if (error instanceof SourceChanged || error instanceof SourceUnavailable || error instanceof SyntaxError)
      return { failed: true, byDuckDb: 0 }
    throw error
  } finally {
    connection.closeSync()
  }
}
const instance = await DuckDBInstance.create(':memory:')
await (await instance.connect()).run("SET GLOBAL TimeZone = 'UTC'")

/** Both ways of reading. What one counts of transactions the other may not have parsed: refused ones, and those that come twice. */
const bothWays = async (answers: readonly string[]): Promise<number> => {
  const uncounted = ({ byDuckDb, ...read }: Awaited<ReturnType<typeof readAll>>) =>
    'cursor' in read ? { ...read, cursor: { ...read.cursor, transaction_count: undefined } } : read
  const unparsed = await readAll(answers, true)
  const parsed = await readAll(answers, false)
  expect(parsed.byDuckDb).toBe(0)
  expect(uncounted(unparsed)).toEqual(uncounted(parsed))
  return unparsed.byDuckDb
}

test('a page of usual items is read by DuckDB, to the last digit', async () => {
  const items = Array.from({ length: 5 }, (_, index) => object(swap([['tx_hash', `"t${index}"`]]).slice(0, -1)))
  const distinct = items.map((text, index) => text.replace('"hash"', `"t${index}"`))
  expect(await bothWays([pageOf(distinct, true), pageOf(distinct.slice(-1))])).toBe(5)
})

describe('an item that is written otherwise gives what parsing it gives', () => {
  const odd: [string, string][] = [
    ['numbers as text', object(swap()).replace('"volume_usd":484.06', '"volume_usd":"484.06"')],
    ['a flag for a number', object(swap()).replace('"ins_index":2', '"ins_index":true')],
    ['an object for a text', object(swap()).replace('"raydium"', '{"name":"raydium"}')],
    ['a list for a text', object(swap()).replace('"raydium"', '["raydium"]')],
    ['a flag for a text', object(swap()).replace('"raydium"', 'true')],
    ['a fraction of a unit', object(swap()).replaceAll('5000000000000000001', '1.5')],
    ['an amount with an exponent', object(swap()).replaceAll('5000000000000000001', '5e18')],
    ['another spelling of a price', object(swap()).replace('"volume_usd"', '"volumeUSD"')],
    ['another spelling in a leg', object(swap()).replaceAll('"change_amount"', '"changeAmount"')],
    ['an index beyond 32 bits', object(swap()).replace('"ins_index":2', '"ins_index":3000000000')],
    ['no volume', object(swap().filter(([name]) => name !== 'volume_usd'))],
    ['no time', object(swap().filter(([name]) => name !== 'block_unix_time'))],
    ['a text like a number', object(swap()).replace('"SOL"', '"404"')],
    ['a text like JSON', object(swap()).replace('"SOL"', '"},{"')],
    ['a number for a text', object(swap()).replace('"hash"', '12345')],
    ['a fraction for an index', object(swap()).replace('"ins_index":2', '"ins_index":2.5')],
    ['an exponent for a block', object(swap()).replace('300000000', '3e8')],
    ['a price too large', object(swap()).replace('182.32', '1e400')],
    [
      'an amount beyond 64 bits',
      object(swap([], [], [])).replaceAll('5000000000000000001', '123456789012345678901234567890'),
    ],
    ['an amount beyond 38 digits', object(swap()).replaceAll('5000000000000000001', '9'.repeat(39))],
    ['no amount', object(swap()).replace('"change_amount":5000000000000000001', '"change_amount":0')],
    ['no index', object(swap().filter(([name]) => !name.includes('ins_index')))],
    ['NUL and quotes', object(swap()).replace('"raydium"', '"a\\u0000\\"b"')],
    ['half a character', object(swap()).replace('"raydium"', '"\\ud83d"')],
    ['beyond ASCII', object(swap()).replace('"SOL"', '"日本 🐶"')],
    ['no text', object(swap()).replace('"raydium"', '""')],
    ['spaces', JSON.stringify(JSON.parse(object(swap())), undefined, 1)],
    ['null', 'null'],
    ['a list', '[[],{}]'],
    ['a nested swap', object([['base', object(swap())], ...swap().slice(1)])],
    ['another order', object(swap().toReversed())],
  ]
  test.each(odd)('%s', async (_, item) => {
    const usual = object(swap()).replace('"hash"', '"usual"')
    await bothWays([pageOf([usual, item, usual.replace('"usual"', '"last"')])])
  })

  test.each([
    ['a comma too many', pageOf([`${object(swap())},`])],
    ['no number', pageOf([object(swap()).replace('182.32', 'NaN')])],
    ['a leading zero', pageOf([object(swap()).replace('"ins_index":2', '"ins_index":02')])],
    ['a point without digits', pageOf([object(swap()).replace('182.32', '182.')])],
    ['cut', pageOf([object(swap())]).slice(0, -9)],
    ['something after it', `${pageOf([object(swap())])}x`],
    ['not said to be a success', pageOf([object(swap())]).replace('"success":true,', '')],
    ['refused', pageOf([object(swap())]).replace('true', 'false')],
    ['the list elsewhere', `{"success":true,"data":{"items":[${object(swap())}],"x":{"items":[]},"hasNext":true}}`],
  ])('an answer that is broken, or no page, gives what parsing it gives: %s', async (_, answer) => {
    await bothWays([answer])
  })

  test.each([
    ['cut', pageOf([object(swap())]).slice(0, -9)],
    ['something after it', `${pageOf([object(swap())])}x`],
    ['not said to be a success', pageOf([object(swap())]).replace('"success":true,', '')],
    ['refused', pageOf([object(swap())]).replace('true', 'false')],
    ['without swaps', pageOf([])],
    ['a time that is no whole number', pageOf([object(swap()).replace(String(now), `${now}.5`)])],
    ['NUL in a text', pageOf([object(swap()).replace('raydium', 'a\\u0000b')])],
  ])('an answer is not left unparsed: %s', (_, answer) => {
    expect(UnparsedPage.of(historyEndpoint, Buffer.from(pageOf([object(swap())])))).toBeInstanceOf(UnparsedPage)
    expect(UnparsedPage.of(historyEndpoint, Buffer.from(answer))).toBeUndefined()
  })
})

test('pages that overlap at their seams give each swap once, and count it once', async () => {
  const at = (age: number, number: number) =>
    object(swap())
      .replace('"hash"', `"t${number}"`)
      .replace(String(now), String(now - age))
  const answers = [
    pageOf([at(500, 1), at(501, 2), at(502, 3)], true),
    pageOf([at(502, 3), at(502, 4), at(503, 5)], true),
    pageOf([at(503, 5), at(504, 6)]),
  ]
  expect(await bothWays(answers)).toBe(6)
  for (const mayLeaveUnparsed of [true, false]) {
    const { cursor } = await readAll(answers, mayLeaveUnparsed)
    expect(cursor).toMatchObject({ transaction_count: 6n, is_complete: true })
  }
})

test('a page whose swaps have other times than it seemed stops the step', async () => {
  const nested = object([['before', object([['block_unix_time', String(now - 50)]])], ...swap()])
  const unordered = [nested, object(swap()).replace('"hash"', '"t2"')]
  expect(await readAll([pageOf(unordered)], true)).toMatchObject({ failed: true })
})

test('whatever items hold, both ways give the same rows, refusals and cursor', async () => {
  const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,44})$/)
  const literal = fc.oneof(
    digits,
    fc.double().filter(Number.isFinite).map(String),
    fc.stringMatching(/^-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][-+]?[0-9]{1,3})?$/),
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    digits.map((text) => `"${text}"`),
    fc.constantFrom(
      'null',
      'true',
      'false',
      '""',
      '" 5"',
      '"1_0"',
      '"inf"',
      '"0x1A"',
      '"a\\u0000b"',
      '"\\ud800"',
      '-0',
      '[]',
      '{}',
    ),
    fc.json(),
  )
  const names = [
    ...swap(),
    ...(swap()[0]
      ? [
          ['insIndex', ''],
          ['txHash', ''],
          ['volumeUsd', ''],
          ['pool_id', ''],
        ]
      : []),
  ]
  const anyName = fc.oneof(fc.constantFrom(...names.map(([name]) => String(name))), fc.string())
  const ofLeg = fc.constantFrom(
    'address',
    'symbol',
    'decimals',
    'amount',
    'change_amount',
    'price',
    'nearest_price',
    'nearestPrice',
  )
  const changes = <Name extends string>(name: fc.Arbitrary<Name>) =>
    fc.array(fc.tuple(name, literal, fc.constantFrom('replace', 'remove')), { maxLength: 2 })
  const changed = (members: Members, list: readonly (readonly [string, string, string])[]): Members => {
    let now = members
    for (const [name, json, how] of list) {
      const others = now.filter((member) => member[0] !== name)
      if (how === 'remove') now = others
      else now = now.map((member) => (member[0] === name ? [name, json] : member))
    }
    return now
  }
  const legMembers = (text: string): Members =>
    Object.entries(JSON.parse(text)).map(([name]) => [name, valueIn(text, name)])
  const unchanged = fc.constant([])
  const place = { number: fc.nat(40), age: fc.nat(3) }
  const item = fc
    .oneof(
      { arbitrary: fc.record({ top: unchanged, base: unchanged, quote: unchanged, ...place }), weight: 100 },
      { arbitrary: fc.record({ top: changes(anyName), base: unchanged, quote: unchanged, ...place }), weight: 4 },
      { arbitrary: fc.record({ top: unchanged, base: changes(ofLeg), quote: changes(ofLeg), ...place }), weight: 4 },
    )
    .map(({ top, base, quote, number, age }) => {
      const legs = new Map([
        ['base', object(changed(legMembers(leg()), base))],
        ['quote', object(changed(legMembers(leg()), quote))],
      ])
      const members: Members = swap().map(([name, json]) => [name, legs.get(name) ?? json])
      const text = object(changed(members, top))
      const at = text.replace(String(now), String(now - age))
      // Of swaps with one key that say different things, which is kept is not promised.
      const hash = createHash('sha256').update(at).digest('hex').slice(0, 8)
      return at.replace('"hash"', `"${number}-${hash}"`)
    })
  let byDuckDb = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.array(fc.oneof({ arbitrary: item, weight: 60 }, { arbitrary: fc.json(), weight: 1 }), { maxLength: 9 }),
        { maxLength: 4 },
      ),
      async (pages) => {
        byDuckDb += await bothWays(pages.map((items, index) => pageOf(items, index < pages.length - 1)))
      },
    ),
    { numRuns: 200 },
  )
  // Or nothing would have been shown.
  expect(byDuckDb).toBeGreaterThan(200)
}, 120_000)

/** A member's text in an object without nested ones. */
const valueIn = (text: string, name: string): string =>
  new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*"|[^,}]*)`).exec(text)?.[1] ?? 'null'
