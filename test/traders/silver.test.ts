import type { Json } from '@duckdb/node-api'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import { SilverBench, type Swap, sol, swap, type TokenMetric, token } from './silver_derivation.js'

const asOf = '2026-11-21T06:00:00Z'
const usdc = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
const nativeSol = 'So11111111111111111111111111111111111111111'

/** Each test derives the whole stage. */
vi.setConfig({ testTimeout: 60_000 })

let bench: SilverBench
beforeAll(async () => {
  bench = await SilverBench.open()
})

const tradesOf = async (...swaps: Swap[]): Promise<Record<string, Json>[]> => {
  await bench.load(swaps)
  return (await bench.derive(asOf))['traders_silver.trades'] ?? []
}
const pnlOf = async (address: string, timeframe: string, swaps: Swap[], metrics: TokenMetric[] = []) => {
  await bench.load(swaps, metrics)
  const rows = (await bench.derive(asOf))['traders_silver.wallet_pnl'] ?? []
  return rows.find((row) => row['token_address'] === address && row['timeframe'] === timeframe)
}

describe('a trade is valued by', () => {
  const valued = async (given: Partial<Swap>) => {
    const [trade] = await tradesOf(swap(given))
    return [trade?.['valuation'], trade?.['value_usd']]
  }
  test('the quote leg, as exact decimals', async () =>
    expect(
      await valued({ quote_change_raw: -1_234_567_891n, quote_price_usd: 145.8, volume_usd: 1, base_price_usd: 1 }),
    ).toEqual(['quote', '179.999998507800']))
  test('the quote leg, whichever leg it is', async () =>
    expect(
      await valued({
        base_address: nativeSol,
        base_decimals: 9,
        base_change_raw: -2_000_000_000n,
        base_price_usd: 150,
        quote_address: token,
        quote_decimals: 6,
        quote_change_raw: 5n,
        quote_price_usd: 9,
      }),
    ).toEqual(['quote', '300.000000000000']))
  test('the volume where the quote leg has no price, even a stablecoin', async () =>
    expect(
      await valued({
        quote_address: usdc,
        quote_decimals: 6,
        quote_price_usd: null,
        volume_usd: 1065069.123456,
        base_price_usd: 7,
      }),
    ).toEqual(['volume', '1065069.123456000000']))
  test('the base leg where there is no volume', async () =>
    expect(await valued({ quote_price_usd: null, volume_usd: 0, base_price_usd: 7 })).toEqual([
      'base',
      '7.000000000000',
    ]))
  test('nothing where nothing is known', async () =>
    expect(await valued({ quote_price_usd: null })).toEqual(['unpriced', null]))
  test('nothing where both legs move the same way', async () =>
    expect(await valued({ quote_change_raw: 1_000_000_000n, volume_usd: 5 })).toEqual(['unpriced', null]))
  test('nothing where it would be more money than there is', async () =>
    expect(await valued({ quote_change_raw: -(10n ** 30n) })).toEqual(['unpriced', null]))
})

describe('a swap', () => {
  test('of one token for another sells one and buys the other at one value', async () => {
    const trades = await tradesOf(
      swap({ quote_address: 'other', quote_decimals: 0, quote_change_raw: -3n, quote_price_usd: 1, volume_usd: 40 }),
    )
    expect(
      trades.map((trade) => [trade['token_address'], trade['side'], trade['quantity_raw'], trade['value_usd']]),
    ).toEqual([
      [token, 'buy', '1000000', '40.000000000000'],
      ['other', 'sell', '3', '40.000000000000'],
    ])
  })
  test('between quote assets, or the two spellings of SOL, is no trade', async () =>
    expect(
      await tradesOf(
        swap({ base_address: usdc }),
        swap({ base_address: nativeSol, quote_address: sol }),
        swap({ base_address: token, quote_address: token }),
      ),
    ).toEqual([]))
  test('whose token comes and goes in one transaction is cyclic', async () => {
    const trades = await tradesOf(
      swap({ tx_hash: 'a', ins_index: 0 }),
      swap({ tx_hash: 'a', ins_index: 1, base_change_raw: -1n, quote_change_raw: 1n }),
      swap({ tx_hash: 'b' }),
    )
    expect(trades.map((trade) => trade['is_cyclic'])).toEqual([true, true, false])
  })
})

/** `whole` tokens for `usd`, `days` before the run. */
const bought = (whole: number, usd: number, days: number, given: Partial<Swap> = {}): Swap =>
  swap({
    base_change_raw: BigInt(whole * 1e6),
    quote_address: usdc,
    quote_decimals: 6,
    quote_price_usd: 1,
    quote_change_raw: -BigInt(Math.round(usd * 1e6)),
    block_time: new Date(Date.parse(asOf) - days * 86_400_000),
    ...given,
  })
const sold = (whole: number, usd: number, days: number, given: Partial<Swap> = {}): Swap =>
  bought(-whole, -usd, days, given)

describe('PnL', () => {
  const history = [
    bought(10, 100, 40),
    bought(10, 200, 20),
    sold(15, 300, 8),
    sold(2, 10, 7),
    sold(2, 10, 1),
    sold(5, 80, 0),
  ]
  test('of all sales', async () =>
    expect(await pnlOf(token, 'all', history)).toMatchObject({
      buy_count: '2',
      sell_count: '4',
      bought_usd: '300.000000000000',
      sold_usd: '400.000000000000',
      // 5 sold, 1 held: 16 of the last sale's 80 USD
      matched_proceeds_usd: '336.000000000000',
      unmatched_proceeds_usd: '64.000000000000',
      unmatched_quantity: '4000000',
      cost_of_sold_usd: '300.000000000000',
      realized_pnl_usd: '36.000000000000',
      open_quantity: '0',
      open_cost_usd: '0.000000000000',
      coverage: 0.84,
      roi: 0.12,
      round_trips: '1',
      wins: '1',
      losses: '0',
      return_mean: 0.12,
      // gains 100 of the first sale, losses 30 + 30, and 4 of the last
      profit_factor: 10 / 6.4,
      // peak 100, down to 36 after the losses: 64 / (100 + 300)
      max_drawdown: 0.16,
    }))
  test('of a timeframe takes its own sales, after its first instant, against lots from before', async () =>
    expect(await pnlOf(token, 'week', history)).toMatchObject({
      buy_count: '0',
      sell_count: '2',
      sold_usd: '90.000000000000',
      matched_proceeds_usd: '26.000000000000',
      cost_of_sold_usd: '60.000000000000',
      realized_pnl_usd: '-34.000000000000',
      round_trips: '1',
      wins: '1',
    }))
  test('knows nothing after the time of the run', async () =>
    expect(await pnlOf(token, 'all', [bought(1, 100, 2), bought(1, 500, -0.001), sold(1, 900, -0.002)])).toMatchObject({
      buy_count: '1',
      sell_count: '0',
      open_quantity: '1000000',
      open_cost_usd: '100.000000000000',
    }))
  test('makes no profit of tokens whose buy is unknown or unpriced', async () =>
    expect(
      await pnlOf(token, 'all', [
        sold(5, 500, 9),
        bought(1, 100, 8, { quote_price_usd: null }),
        sold(1, 500, 7),
        bought(1, 100, 6),
      ]),
    ).toMatchObject({
      unpriced_count: '1',
      realized_pnl_usd: '0.000000000000',
      unmatched_proceeds_usd: '1000.000000000000',
      unmatched_quantity: '6000000',
      coverage: 0,
      roi: null,
      open_cost_usd: '100.000000000000',
    }))
  test('of all tokens adds them up and tells how much one of them brought', async () =>
    expect(
      await pnlOf('ALL_TOKENS', 'all', [
        bought(1, 100, 9),
        sold(1, 175, 8),
        ...['B', 'C'].flatMap((base_address, index) => [
          bought(1, 100, 7, { base_address }),
          sold(1, [125, 60][index] ?? 0, 6, { base_address }),
        ]),
      ]),
    ).toMatchObject({
      realized_pnl_usd: '60.000000000000',
      concentration: 0.75,
      token_count: '3',
      round_trips: '3',
      wins: '2',
      losses: '1',
      win_rate: 2 / 3,
      win_rate_lower_bound: expect.closeTo(0.20765, 4),
      sale_days: '2',
      profitable_days: '1',
      daily_pnl_mean_usd: 30,
    }))
  test('holding time is the median over cost', async () =>
    expect(
      await pnlOf(token, 'all', [
        bought(1, 10, 9),
        sold(1, 1, 8),
        bought(1, 100, 7),
        sold(1, 1, 3),
        bought(1, 80, 2),
        sold(1, 1, 1),
      ]),
    ).toMatchObject({
      median_holding_seconds: String(4 * 86_400),
      quick_sale_share: 0,
    }))
  test('a sale within a minute of its buy is quick', async () =>
    expect(
      await pnlOf(token, 'all', [
        bought(1, 10, 60 / 86_400),
        sold(0.5, 10, 0),
        bought(1, 10, 1),
        sold(0.5, 10, 61 / 86_400),
      ]),
    ).toMatchObject({ matched_sale_count: '2', quick_sale_share: 0 }))
})

describe('open positions are valued at', () => {
  const metric = (days: number, price_usd: number | null): TokenMetric => ({
    ...tokenMetrics.example,
    token_address: token,
    price_usd,
    as_of: new Date(Date.parse(asOf) - days * 86_400_000),
  })
  const open = [bought(2, 100, 9), bought(1, 60, 8, { wallet_address: 'another' })]
  test('the newest price known at the time of the run', async () =>
    expect(
      await pnlOf(token, 'all', open, [metric(3, 5), metric(1, 70), metric(0.5, null), metric(-1, 900)]),
    ).toMatchObject({
      market_price_usd: 70,
    }))
  test('the last trade of anyone where the token has no metrics', async () => {
    await bench.load(open)
    const rows = (await bench.derive(asOf))['traders_silver.wallet_pnl'] ?? []
    expect(
      rows.find(
        (row) => row['wallet_address'] === 'wallet' && row['timeframe'] === 'week' && row['token_address'] === token,
      ),
    ).toMatchObject({
      market_price_usd: 60,
      market_value_usd: '120.000000000000',
      unrealized_pnl_usd: '20.000000000000',
      total_pnl_usd: '20.000000000000',
    })
  })
})

test('tables come out with the columns they define', async () => {
  await bench.load([
    swap({ block_time: new Date('2026-11-20T00:00:00Z') }),
    swap({
      block_time: new Date('2026-11-20T00:01:00Z'),
      base_change_raw: -1_000_000n,
      quote_change_raw: 2_000_000_000n,
    }),
  ])
  await bench.derive(asOf)
  for (const table of tradersSilver.tables) {
    const described = await bench.query(`DESCRIBE "derived ${table.name}"`)
    const types = Object.fromEntries(described.map((row) => [row['column_name'], row['column_type']]))
    const defined = Object.entries(table.columns).map(([name, { sql }]) => [
      name,
      sql === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : sql,
    ])
    expect.soft(types).toEqual(Object.fromEntries(defined))
    expect.soft(await bench.brokenChecks(table)).toEqual([])
  }
})
