import { expect, test, vi } from 'vitest'
import { goldDefaults, goldInput, rules } from '../../schemas/traders/gold/rules.js'
import { smartWallets } from '../../schemas/traders/gold/smart_wallets.js'
import { walletVerdicts } from '../../schemas/traders/gold/wallet_verdicts.js'
import {
  daysBefore,
  type GivenWallet,
  openGold,
  type Pnl,
  position,
  positions,
  ranking,
  rowsOf,
} from './gold_wallets.js'

// A derivation takes 0.1 s alone, and many times that beside other work.
vi.setConfig({ testTimeout: 60_000 })

const address = 'wallet'
const figures = (pnl: Partial<Pnl>): GivenWallet => ({ address, pnl })
const usd = (amount: string) => figures({ realized_pnl_usd: amount })
/** `washed` of 1,000 units of cost came back within the hour at its cost. */
const washed = (units: number): GivenWallet => ({
  address,
  matches: [
    position(address, 1, 0, { held_seconds: 3_600n, cost_usd: `${units}`, proceeds_usd: `${units}` }),
    position(address, 2, 0.5, { cost_usd: `${1_000 - units}`, proceeds_usd: `${1_500 - 1.5 * units}` }),
  ],
})

const renamed = (wallet: GivenWallet, as: string): GivenWallet => ({
  ...wallet,
  address: as,
  ...(wallet.matches && { matches: wallet.matches.map((match) => ({ ...match, wallet_address: as })) }),
})

/** Per rule: a wallet just inside its threshold, one at it, one just outside, and one whose figure is unknown. */
const limits: Record<string, readonly [GivenWallet, GivenWallet, GivenWallet, GivenWallet?]> = {
  min_realized_pnl_usd: [usd('10.000000000001'), usd('10.000000000000'), usd('9.999999999999')],
  min_roi: [figures({ roi: 0.011 }), figures({ roi: 0.01 }), figures({ roi: 0.0099 }), figures({ roi: null })],
  min_win_rate: [
    figures({ win_rate: 0.41 }),
    figures({ win_rate: 4 / 10 }),
    figures({ win_rate: 0.3999 }),
    figures({ win_rate: null, win_rate_lower_bound: null }),
  ],
  min_trades: [
    figures({ buy_count: 6n, sell_count: 5n }),
    figures({ buy_count: 5n, sell_count: 5n }),
    figures({ buy_count: 5n, sell_count: 4n }),
  ],
  min_coverage: [
    figures({ coverage: 0.81 }),
    figures({ coverage: 0.8 }),
    figures({ coverage: 0.7999 }),
    figures({ coverage: null }),
  ],
  max_days_since_last_trade: [
    figures({ last_trade_at: new Date(daysBefore(14).getTime() + 1) }),
    figures({ last_trade_at: daysBefore(14) }),
    figures({ last_trade_at: new Date(daysBefore(14).getTime() - 1) }),
    figures({ last_trade_at: null }),
  ],
  max_concentration: [
    figures({ concentration: 0.49 }),
    figures({ concentration: 0.5 }),
    figures({ concentration: 0.5001 }),
    figures({ concentration: null }),
  ],
  max_trades_per_day: [
    figures({ trades_per_day: 99.5 }),
    figures({ trades_per_day: 100 }),
    figures({ trades_per_day: 100.5 }),
    figures({ trades_per_day: null }),
  ],
  max_quick_sale_share: [
    figures({ quick_sale_share: 0.029 }),
    figures({ quick_sale_share: 3 / 100 }),
    figures({ quick_sale_share: 0.0301 }),
    figures({ quick_sale_share: null }),
  ],
  max_cyclic_share: [
    figures({ cyclic_share: 0.29 }),
    figures({ cyclic_share: 3 / 10 }),
    figures({ cyclic_share: 0.3001 }),
    figures({ cyclic_share: null }),
  ],
  max_wash_share: [washed(499), washed(500), washed(501), { address, matches: [] }],
  max_program_owners: [
    { address },
    { address, ownerKind: 'wallet' },
    { address, ownerKind: 'pool' },
    { address, ownerKind: null },
  ],
}

test('every rule has its limits tested here', () => {
  expect(Object.keys(limits).sort()).toEqual(rules.map(({ name }) => name).sort())
})

test.each(rules)('$name passes inside and at its threshold, not outside, and never unknown', async ({ name }) => {
  const [inside, at, outside, unknown] = limits[name] ?? []
  if (!inside || !at || !outside) throw new Error(`${name} has no wallets`)
  const given = { inside, at, outside, ...(unknown && { unknown }) }
  const gold = await openGold(Object.entries(given).map(([as, wallet]) => renamed(wallet, as)))
  const verdicts = (await rowsOf(gold, walletVerdicts)).filter(({ rule }) => rule === name)
  const on = (wallet: keyof typeof given) => verdicts.find(({ wallet_address }) => wallet_address === wallet)
  const threshold = goldDefaults[name]
  expect(on('inside')).toMatchObject({ passed: true, threshold })
  expect(on('at')).toMatchObject({ passed: true, threshold, value: threshold })
  expect(on('at')?.['explanation']).toMatch(/^[A-Z].* is .*: at (least|most) .* is asked for\.$/)
  expect(on('outside')?.['passed']).toBe(false)
  expect(on('outside')?.['explanation']).toMatch(/, but at (least|most) .* is asked for\.$/)
  if (unknown !== undefined) {
    expect(on('unknown')).toMatchObject({ passed: false, value: null })
    expect(on('unknown')?.['explanation']).toMatch(/ is unknown, because .*\.$/)
  }
  const ranked = (await rowsOf(gold, smartWallets)).map(({ wallet_address }) => wallet_address)
  expect(ranked.sort()).toEqual(['at', 'inside'])
})

test('thresholds come from the run, and the input has every one of them', async () => {
  const wallet = figures({ buy_count: 20n, sell_count: 20n })
  expect(await rowsOf(await openGold([wallet], { min_trades: 40 }), smartWallets)).toHaveLength(1)
  expect(await rowsOf(await openGold([wallet], { min_trades: 41 }), smartWallets)).toEqual([])
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const defaults = Object.entries(goldInput).map(([name, field]) => [snakeCase(name), field.parse(undefined)])
  expect(Object.fromEntries(defaults)).toEqual(goldDefaults)
  expect(goldInput['minTrades']?.safeParse(-1).success).toBe(false)
  expect(goldInput['minWinRate']?.safeParse(1.01).success).toBe(false)
})

test('an owner is what the newest look at it said', async () => {
  const gold = await openGold([{ address, ownerKind: 'pool' }])
  const holders = [...(await gold.rows('FROM "loaded traders_bronze.whale_holders"'))]
  expect(holders).toHaveLength(1)
  await gold.rows(`INSERT INTO "loaded traders_bronze.whale_holders"
    SELECT * REPLACE (as_of - INTERVAL 1 DAY AS as_of, 'wallet' AS owner_kind, true AS is_tradable) FROM "loaded traders_bronze.whale_holders"`)
  const program = (await rowsOf(gold, walletVerdicts)).find((row) => row['rule'] === 'max_program_owners')
  expect(program).toMatchObject({ passed: false, value: 1 })
})

test('no wallet at all gives empty tables', async () => {
  const gold = await openGold([])
  expect(await rowsOf(gold, walletVerdicts)).toEqual([])
  expect(await rowsOf(gold, smartWallets)).toEqual([])
})

const elite: Partial<Pnl> = {
  realized_pnl_usd: '1000.000000000000',
  roi: 0.3,
  win_rate: 0.6,
  buy_count: 5n,
  sell_count: 5n,
}
const strong: Partial<Pnl> = { realized_pnl_usd: '100.000000000000', roi: 0.15, win_rate: 0.4 }
test.each([
  ['elite', elite],
  ['strong', { ...elite, realized_pnl_usd: '999.999999999999' }],
  ['strong', { ...elite, roi: 0.2999 }],
  ['strong', { ...elite, win_rate: 0.5999 }],
  ['strong', strong],
  ['promising', { ...strong, realized_pnl_usd: '99.999999999999' }],
  ['promising', { ...strong, roi: 0.1499 }],
] as const)('tier %s: %o', async (tier, pnl) => {
  const [row] = await ranking([figures({ win_rate_lower_bound: 0.2, ...pnl })])
  expect(row).toMatchObject({ tier, rank: 1 })
})

test('a tier counts trades too, whatever the rules ask for', async () => {
  const few = [figures({ ...elite, buy_count: 5n, sell_count: 4n })]
  expect(await rowsOf(await openGold(few, { min_trades: 1 }), smartWallets)).toMatchObject([{ tier: 'strong' }])
  const fewer = [figures({ ...elite, buy_count: 2n, sell_count: 2n })]
  expect(await rowsOf(await openGold(fewer, { min_trades: 1 }), smartWallets)).toMatchObject([{ tier: 'promising' }])
})

test('a steady wallet is ahead of one with a higher mean from a single hit, and the tier is no part of it', async () => {
  const steady = [0.07, 0.05, 0.06, -0.03, 0.08, 0.04, 0.06, 0.05, -0.02, 0.07, 0.06, 0.05]
  const oneHit = [6, -0.06, -0.05, -0.08, 0.02, -0.07, -0.05, -0.04, -0.06, 0.01, -0.05, -0.05]
  const [first, second] = await ranking([
    { address: 'one hit', matches: positions('one hit', oneHit), pnl: elite },
    { address: 'steady', matches: positions('steady', steady) },
  ])
  expect(first).toMatchObject({ wallet_address: 'steady', tier: 'promising', rank: 1 })
  expect(second).toMatchObject({ wallet_address: 'one hit', tier: 'elite', rank: 2 })
  expect(Number(second?.['edge'])).toBeGreaterThan(Number(first?.['edge']))
})

test('the same returns count for more when there are more of them, and for less on a single day', async () => {
  const returns = [0.09, -0.03, 0.06, 0.12, -0.05, 0.08]
  const more = [...returns, ...returns, ...returns]
  const sameDay = positions('one day', more).map((match) => ({
    ...match,
    bought_at: daysBefore(2),
    sold_at: daysBefore(1),
  }))
  const rows = await ranking([
    { address: 'few', matches: positions('few', returns) },
    { address: 'one day', matches: sameDay },
    { address: 'many', matches: positions('many', more) },
  ])
  expect(rows.map((row) => row['wallet_address'])).toEqual(['many', 'few', 'one day'])
})

test('losers kept open count as losses, winners kept open as nothing', async () => {
  const returns = [0.09, -0.03, 0.06, 0.12, -0.05, 0.08, 0.07, 0.05]
  const open = (market: string) =>
    [1, 2, 3].map((number) => ({
      token_address: `open${number}`,
      open_cost_usd: '100.000000000000',
      market_value_usd: market,
      last_trade_at: daysBefore(number),
    }))
  const wallet = (address: string, market?: string) => ({
    address,
    matches: positions(address, returns),
    ...(market === undefined ? {} : { open: open(market) }),
  })
  const rows = await ranking([wallet('keeps losers', '20'), wallet('keeps winners', '500'), wallet('sells all')])
  expect(rows.map((row) => row['wallet_address'])).toEqual(['keeps winners', 'sells all', 'keeps losers'])
  expect(rows[0]?.['score']).toBe(rows[1]?.['score'])
  expect(Number(rows[2]?.['score'])).toBeLessThan(Number(rows[1]?.['score']))
})

test('equal scores are ordered by address, and no order of rows or number of threads changes a bit', async () => {
  const wallets = Array.from({ length: 40 }, (_, number) => ({
    address: `wallet${String(number).padStart(2, '0')}`,
    matches: positions(
      `wallet${String(number).padStart(2, '0')}`,
      Array.from({ length: 12 }, (_, trade) => Math.sin((number % 20) * 7 + trade) / 9 + 0.03),
    ),
  }))
  const rows = await ranking(wallets, '1')
  expect(rows).toHaveLength(40)
  for (const [index, row] of rows.entries()) {
    const next = rows[index + 1]
    if (next?.['score'] === row['score'])
      expect(String(row['wallet_address']) < String(next?.['wallet_address'])).toBe(true)
  }
  const backwards = wallets.toReversed().map((wallet) => ({ ...wallet, matches: wallet.matches.toReversed() }))
  expect(await ranking(backwards, '4')).toEqual(rows)
})

test('what happened after the logical time changes nothing', async () => {
  const known = positions(address, [0.09, -0.03, 0.06, 0.12])
  const loss = position(address, -2, -0.9)
  const wash = position(address, -3, 0, { held_seconds: 60n, cost_usd: '9000', proceeds_usd: '9000' })
  expect(await ranking([{ address, matches: [...known, loss, wash] }])).toEqual(
    await ranking([{ address, matches: known }]),
  )
})

test('a wallet that stands alone is scored, and one whose returns are all equal too', async () => {
  const [row] = await ranking([{ address, matches: positions(address, [0.05, 0.05, 0.05]) }])
  expect(Number.isFinite(row?.['score'])).toBe(true)
  expect(row?.['reasons']).toMatch(/^With 95 % confidence .*\.$/)
})
