import { existsSync, readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { SilverBench, type Swap, swap } from './silver_derivation.js'

/** Each vector derives the whole stage. */
vi.setConfig({ testTimeout: 60_000 })

const folder = '../shared/data/fifo'
const golden = `${folder}/rp2_fifo_us_golden.json`
const isAbsent = !existsSync(golden)

const detail = z.object({
  amount: z.string(),
  event_ts: z.string(),
  event_frac: z.string(),
  event_usd: z.string(),
  lot_ts: z.string(),
  cost_basis: z.string(),
})
type Detail = z.infer<typeof detail>

const usdc = { quote_address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', quote_decimals: 6, quote_price_usd: 1 }
const units = (amount: string | number, decimals: number) => BigInt(Math.round(Number(amount) * 10 ** decimals))

/** A line of an IN table: paid is what was given with the fee, else quantity x spot price + fee. */
const toBuy = (vector: string, line: string, index: number): Swap => {
  const [time = '', , , , , , , quantity = '', spot = '', withoutFee = '', withFee = '', fee = ''] = line.split(',')
  const paid = withFee === '' ? Number(withoutFee || Number(quantity) * Number(spot)) + Number(fee) : Number(withFee)
  return swap({
    ...usdc,
    wallet_address: vector,
    tx_hash: `in${String(index).padStart(4, '0')}`,
    block_time: new Date(time),
    base_decimals: 8,
    base_change_raw: units(quantity, 8),
    quote_change_raw: -units(paid, 6),
  })
}

const toSale = (vector: string, pieces: readonly Detail[], index: number): Swap => {
  const total = (column: 'amount' | 'event_usd') => pieces.reduce((sum, piece) => sum + Number(piece[column]), 0)
  return swap({
    ...usdc,
    wallet_address: vector,
    tx_hash: `out${String(index).padStart(4, '0')}`,
    block_time: new Date(pieces[0]?.event_ts ?? ''),
    base_decimals: 8,
    base_change_raw: -units(total('amount'), 8),
    quote_change_raw: units(total('event_usd'), 6),
  })
}

/** rp2 1.7 (Apache-2.0), accounting method FIFO, country US: what it sold of which lot, and at what cost. */
test.skipIf(isAbsent)(`lot matches are those of rp2${isAbsent ? ` (skipped: no ${golden})` : ''}`, async () => {
  const vectors = z
    .record(z.string(), z.object({ detail: z.array(detail) }))
    .parse(JSON.parse(readFileSync(golden, 'utf8')))
  const bench = await SilverBench.open()
  let compared = 0
  for (const [vector, given] of Object.entries(vectors)) {
    const taken = given.detail.filter(({ lot_ts }) => lot_ts !== '')
    const table = readFileSync(`${folder}/rp2/in_${vector.replace('/', '__')}.csv`, 'utf8').split('TABLE END')[0] ?? ''
    const buys = table
      .trim()
      .split('\n')
      .slice(2)
      .map((line, index) => toBuy(vector, line, index))
    // `1/3: ...` is the first of three pieces of a sale
    const starts = taken.flatMap(({ event_frac }, index) => (event_frac.startsWith('1/') ? [index] : []))
    const sales = starts.map((start, index) => taken.slice(start, starts[index + 1]))
    await bench.load([...buys, ...sales.map((pieces, index) => toSale(vector, pieces, index))])
    const rows = (await bench.derive('2026-11-21T06:00:00Z'))['traders_silver.lot_matches'] ?? []
    expect(
      rows.map((row) => ({
        sold: Date.parse(String(row['sold_at'])),
        bought: Date.parse(String(row['bought_at'])),
        quantity: String(row['quantity_raw']),
        cost: Number(row['cost_usd']).toFixed(9),
      })),
      vector,
    ).toEqual(
      taken.map(({ event_ts, lot_ts, amount, cost_basis }) => ({
        sold: Date.parse(event_ts),
        bought: Date.parse(lot_ts),
        quantity: String(units(amount, 8)),
        cost: Number(cost_basis).toFixed(9),
      })),
    )
    compared += rows.length
  }
  expect(compared).toBeGreaterThan(50)
})
