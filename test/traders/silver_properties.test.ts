import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import { fifo, pnlSince, type ReferenceSale, type ReferenceTrade } from './fifo_reference.js'
import { fromText, inUnits, plus, type Rational, sum, toNumber, zero } from './rational.js'
import { SilverBench, type SilverRows, type Swap, swap } from './silver_derivation.js'
import { expectedTrades } from './trades_reference.js'

const asOf = '2026-11-21T06:00:00Z'
const asOfSeconds = Date.parse(asOf) / 1000
const day = 86_400
const spans = { all: Infinity, quarter: 90 * day, month: 30 * day, week: 7 * day }

const tokenA = { address: 'tokenA', decimals: 6 }
const assets = [
  tokenA,
  tokenA,
  tokenA,
  { address: 'tokenB', decimals: 0 },
  { address: 'tokenC', decimals: 18 },
  { address: 'So11111111111111111111111111111111111111112', decimals: 9 },
  { address: 'So11111111111111111111111111111111111111111', decimals: 9 },
  { address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', decimals: 6 },
]
const quantity = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt(1n, 12n) },
  { weight: 3, arbitrary: fc.bigInt(1n, 10n ** 12n) },
  { weight: 1, arbitrary: fc.bigInt(1n, 10n ** 19n) },
  // from 2: at a price of 1 and nine decimals, 10^29 is the largest value itself, which a double may round to either side
  { weight: 1, arbitrary: fc.bigInt(2n * 10n ** 29n, 10n ** 30n) },
)
const price = fc.option(
  fc.oneof(fc.constantFrom(1, 0, 145.8, 0.0000213), fc.double({ min: 1e-7, max: 1e5, noNaN: true })),
  {
    freq: 2,
  },
)
/** Few wallets, tokens, seconds, blocks and transactions, so that everything that can tie does. */
const anySwap = fc.record({
  wallet: fc.constantFrom('w1', 'w2'),
  base: fc.constantFrom(...assets),
  quote: fc.constantFrom(...assets),
  isBuy: fc.boolean(),
  isOneWay: fc.constantFrom(false, false, false, false, false, false, false, true),
  baseQuantity: quantity,
  quoteQuantity: fc.oneof({ weight: 9, arbitrary: quantity }, { weight: 1, arbitrary: fc.constant(0n) }),
  basePrice: price,
  quotePrice: price,
  volume: price,
  secondsAgo: fc.oneof(
    fc.nat(4),
    fc.nat(3).map((n) => n * 30),
    fc.constantFrom(7 * day, 30 * day, 90 * day),
    fc.nat(200 * day),
  ),
  block: fc.bigInt(1n, 2n),
  transaction: fc.nat(6),
  instruction: fc.nat(3),
  inner: fc.nat(1),
})
const swaps = fc.uniqueArray(anySwap, {
  maxLength: 60,
  size: 'max',
  selector: ({ wallet, transaction, instruction, inner }) => [wallet, transaction, instruction, inner].join('/'),
})

const toSwap = (given: typeof anySwap extends fc.Arbitrary<infer T> ? T : never): Swap => {
  const direction = given.isBuy ? 1n : -1n
  return swap({
    wallet_address: given.wallet,
    tx_hash: `tx${given.transaction}`,
    ins_index: given.instruction,
    inner_ins_index: given.inner,
    block_time: new Date((asOfSeconds - given.secondsAgo) * 1000),
    block_number: given.block,
    base_address: given.base.address,
    base_decimals: given.base.decimals,
    base_change_raw: direction * given.baseQuantity,
    base_price_usd: given.basePrice,
    quote_address: given.quote.address,
    quote_decimals: given.quote.decimals,
    quote_change_raw: (given.isOneWay ? direction : -direction) * given.quoteQuantity,
    quote_price_usd: given.quotePrice,
    volume_usd: given.volume,
  })
}

let bench: SilverBench
beforeAll(async () => {
  bench = await SilverBench.open()
})

/** Rounded once to 10^-12; beyond doubles' 16 digits that is what the fallbacks of `trades` promise. */
const expectNear = (actual: unknown, exact: Rational, scale: Rational): void => {
  const tolerance = 1n + inUnits(scale) / 10n ** 14n
  const difference = inUnits(fromText(String(actual))) - inUnits(exact)
  expect(difference < 0n ? -difference : difference, `${String(actual)} is not ${toNumber(exact)}`).toBeLessThanOrEqual(
    tolerance,
  )
}

const rowsOf = (rows: SilverRows, table: string) => rows[`traders_silver.${table}`] ?? []

const referenceOf = (rows: SilverRows): Map<string, ReferenceTrade[]> => {
  const groups = new Map<string, ReferenceTrade[]>()
  const trades = rowsOf(rows, 'trades').toSorted((a, b) => Number(a['sequence']) - Number(b['sequence']))
  for (const row of trades) {
    const group = `${row['wallet_address']}/${row['token_address']}`
    groups.set(group, [
      ...(groups.get(group) ?? []),
      {
        sequence: Number(row['sequence']),
        side: row['side'] === 'buy' ? 'buy' : 'sell',
        quantity: BigInt(String(row['quantity_raw'])),
        value: row['value_usd'] === null ? undefined : fromText(String(row['value_usd'])),
        atSeconds: Date.parse(String(row['block_time'])) / 1000,
      },
    ])
  }
  return groups
}

const property = (check: (rows: SilverRows, swaps: readonly Swap[]) => Promise<void> | void, numRuns = 25) =>
  fc.assert(
    fc.asyncProperty(swaps, async (given) => {
      const loaded = given.map(toSwap)
      await bench.load(loaded)
      await check(await bench.derive(asOf), loaded)
    }),
    // a counterexample that shrinks slowly is told as it is, before the test's own time is out
    { numRuns, interruptAfterTimeLimit: 90_000 },
  )

test('trades are the swaps of tokens, in order, each at its one value', async () => {
  await property((rows, loaded) => {
    const expected = expectedTrades(loaded)
    const actual = rowsOf(rows, 'trades').toSorted((a, b) => position(a).localeCompare(position(b)))
    expect(
      actual.map((row) => [position(row), row['tx_hash'], row['side'], row['quantity_raw'], row['valuation']]),
    ).toEqual(
      expected
        .map((trade) => ({ at: positionOf(trade.wallet, trade.token, trade.sequence), trade }))
        .toSorted((a, b) => a.at.localeCompare(b.at))
        .map(({ at, trade }) => [at, trade.swap.tx_hash, trade.side, String(trade.quantity), trade.valuation]),
    )
    const byPosition = new Map(expected.map((trade) => [positionOf(trade.wallet, trade.token, trade.sequence), trade]))
    for (const row of actual) {
      const value = byPosition.get(position(row))?.value
      if (value === undefined) expect(row['value_usd']).toBeNull()
      else expectNear(row['value_usd'], value, value)
    }
  })
}, 120_000)

const positionOf = (...parts: readonly unknown[]) => parts.map((part) => String(part).padStart(6)).join('/')
const position = (row: Record<string, unknown>) =>
  positionOf(row['wallet_address'], row['token_address'], row['sequence'])

test('lot matches are those of a queue of lots, and conserve cost, proceeds and quantity to the last unit', async () => {
  await property((rows) => {
    const pieces = rowsOf(rows, 'lot_matches')
    const open = rowsOf(rows, 'open_lots')
    for (const [group, trades] of referenceOf(rows)) {
      const own = ({ wallet_address, token_address }: Record<string, unknown>) =>
        `${wallet_address}/${token_address}` === group
      const { sales, lots } = fifo(trades)
      const expected = sales.flatMap((sale) => sale.pieces.map((piece) => ({ ...piece, closes: sale.closesPosition })))
      const matched = pieces
        .filter(own)
        .toSorted(
          (a, b) =>
            Number(a['sell_sequence']) - Number(b['sell_sequence']) ||
            Number(a['buy_sequence']) - Number(b['buy_sequence']),
        )
      expect(
        matched.map((row) => [
          row['buy_sequence'],
          row['sell_sequence'],
          row['quantity_raw'],
          row['held_seconds'],
          row['closes_position'],
        ]),
      ).toEqual(
        expected.map(({ buy, sale, quantity, closes }) => [
          buy.sequence,
          sale.sequence,
          String(quantity),
          String(sale.atSeconds - buy.atSeconds),
          closes,
        ]),
      )
      for (const [index, piece] of expected.entries()) {
        const row = matched[index]
        if (piece.cost === undefined) expect(row?.['cost_usd']).toBeNull()
        else expectNear(row?.['cost_usd'], piece.cost, piece.buy.value ?? zero)
        if (piece.proceeds === undefined) expect(row?.['proceeds_usd']).toBeNull()
        else expectNear(row?.['proceeds_usd'], piece.proceeds, piece.sale.value ?? zero)
      }
      const left = open.filter(own)
      expect(left.map((row) => [row['sequence'], row['quantity_raw']])).toEqual(
        lots.filter((lot) => lot.left > 0n).map((lot) => [lot.buy.sequence, String(lot.left)]),
      )
      const exactly = (selected: readonly Record<string, unknown>[], column: string) =>
        inUnits(sum(selected.map((row) => fromText(String(row[column] ?? 0)))))
      const bought = trades.filter(({ side }) => side === 'buy')
      expect(exactly(matched, 'cost_usd') + exactly(left, 'cost_usd')).toBe(
        inUnits(sum(bought.map(({ value }) => value ?? zero))),
      )
      expect(exactly(matched, 'quantity_raw') + exactly(left, 'quantity_raw')).toBe(
        bought.reduce((total, buy) => total + buy.quantity, 0n) * 10n ** 12n,
      )
      for (const { sale, unmatched } of sales.filter((each) => each.unmatched === 0n))
        expect(
          exactly(
            matched.filter((row) => row['sell_sequence'] === sale.sequence),
            'proceeds_usd',
          ),
          String(unmatched),
        ).toBe(inUnits(sale.value ?? zero))
    }
  })
}, 120_000)

test('PnL per timeframe is that of the exact rational FIFO', async () => {
  await property((rows) => {
    const totals = new Map<string, { realized: Rational; scale: Rational }>()
    for (const [group, trades] of referenceOf(rows)) {
      const { sales } = fifo(trades)
      for (const [timeframe, span] of Object.entries(spans)) {
        const row = rowsOf(rows, 'wallet_pnl').find(
          (each) => `${each['wallet_address']}/${each['token_address']}` === group && each['timeframe'] === timeframe,
        )
        const { realized, scale } = expectPnl(row ?? {}, sales, asOfSeconds - span)
        const key = `${group.split('/')[0]}/${timeframe}`
        const total = totals.get(key) ?? { realized: zero, scale: zero }
        totals.set(key, { realized: plus(total.realized, realized), scale: plus(total.scale, scale) })
      }
    }
    const overall = rowsOf(rows, 'wallet_pnl').filter((row) => row['token_address'] === 'ALL_TOKENS')
    expect(overall.length).toBe(totals.size)
    for (const row of overall) {
      const total = totals.get(`${row['wallet_address']}/${row['timeframe']}`)
      expectNear(row['realized_pnl_usd'], total?.realized ?? zero, total?.scale ?? zero)
    }
  })
}, 120_000)

const expectPnl = (row: Record<string, unknown>, sales: readonly ReferenceSale[], since: number) => {
  const expected = pnlSince(sales, since)
  // ten pieces may each be off by their own rounding
  const scale = plus(
    sum(sales.flatMap(({ pieces }) => pieces.map(({ buy }) => buy.value ?? zero))),
    sum(sales.map(({ sale }) => sale.value ?? zero)),
  )
  expectNear(row['realized_pnl_usd'], expected.realized, plus(scale, fromText('100')))
  expectNear(row['cost_of_sold_usd'], expected.costOfSold, plus(scale, fromText('100')))
  expectNear(row['sold_usd'], expected.sold, zero)
  expectNear(row['matched_proceeds_usd'], expected.matchedProceeds, plus(scale, fromText('100')))
  expect(row['unmatched_quantity']).toBe(String(expected.unmatchedQuantity))
  expect(row['matched_sale_count']).toBe(String(expected.matchedSales))
  expect(row['quick_sale_share']).toBe(expected.matchedSales === 0 ? null : expected.quickSales / expected.matchedSales)
  // a trip that cost less than the last digit is none; a share of a value beyond doubles' 16 digits is as far off as `expectNear` allows
  const margin = 1e-6 + toNumber(scale) / 1e14
  const won = (more: number) =>
    expected.trips
      .map(({ pnl, cost }) => ({ pnl: toNumber(pnl), cost: toNumber(cost) }))
      .filter(({ pnl, cost }) => cost > more && pnl > Math.max(1, cost / 100) + more).length
  expect(Number(row['wins'])).toBeGreaterThanOrEqual(won(margin))
  expect(Number(row['wins'])).toBeLessThanOrEqual(won(-margin))
  return { realized: expected.realized, scale: plus(scale, fromText('100')) }
}

test('no blocking check of the silver tables is broken', async () => {
  await property(async () => {
    for (const table of tradersSilver.tables) expect(await bench.brokenChecks(table), table.name).toEqual([])
  })
}, 120_000)

test('the rows of a wallet do not depend on the other wallets, bit for bit', async () => {
  await property(async (rows, loaded) => {
    await bench.load(loaded.filter(({ wallet_address }) => wallet_address === 'w1'))
    const alone = await bench.derive(asOf)
    for (const name of ['trades', 'lot_matches', 'open_lots'])
      expect(rowsOf(alone, name)).toEqual(rowsOf(rows, name).filter((row) => row['wallet_address'] === 'w1'))
  }, 10)
}, 120_000)
