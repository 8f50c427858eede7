import type { ReferenceTrade } from './fifo_reference.js'
import { fromText, inUnits, type Rational, rational, times } from './rational.js'
import type { Swap } from './silver_derivation.js'

const sol = 'So11111111111111111111111111111111111111112'
const money = [sol, 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB']
const spelled = (address: string) => (address === 'So11111111111111111111111111111111111111111' ? sol : address)

interface Leg {
  readonly address: string
  readonly change: bigint
  readonly decimals: number
  readonly price: number | null
}

export interface ExpectedTrade extends ReferenceTrade {
  readonly wallet: string
  readonly token: string
  readonly valuation: string
  readonly swap: Swap
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value)

const worth = ({ change, decimals, price }: Leg): Rational | undefined =>
  price === null ? undefined : times(rational(absolute(change), 10n ** BigInt(decimals)), fromText(String(price)))

/** Trades of swaps, from issue text: which legs are trades, their one value, and their order per wallet and token. */
export const expectedTrades = (swaps: readonly Swap[]): ExpectedTrade[] => {
  const unordered = swaps.flatMap((swap) => {
    const base = {
      address: spelled(swap.base_address),
      change: swap.base_change_raw,
      decimals: swap.base_decimals,
      price: swap.base_price_usd,
    }
    const quote = {
      address: spelled(swap.quote_address),
      change: swap.quote_change_raw,
      decimals: swap.quote_decimals,
      price: swap.quote_price_usd,
    }
    const positions = [base, quote].filter(({ address }) => !money.includes(address))
    const paid = [quote, base].find(({ address }) => money.includes(address))
    if (positions.length === 0 || base.address === quote.address) return []
    const candidates: [string, Rational | undefined][] = [
      ['quote', paid === undefined ? undefined : worth(paid)],
      ['volume', swap.volume_usd === null ? undefined : fromText(String(swap.volume_usd))],
      ['base', worth(positions[0] ?? base)],
    ]
    const sameWay = base.change * quote.change > 0n
    const [valuation, value] = candidates.find(([, worth]) => !sameWay && isValue(worth)) ?? ['unpriced', undefined]
    return positions
      .filter(({ change }) => change !== 0n)
      .map(({ address, change }) => ({
        wallet: swap.wallet_address,
        token: address,
        swap,
        side: change > 0n ? ('buy' as const) : ('sell' as const),
        quantity: absolute(change),
        value,
        valuation,
        atSeconds: swap.block_time.getTime() / 1000,
      }))
  })
  const ordered = unordered.toSorted(
    (a, b) =>
      compare(a.wallet, b.wallet) ||
      compare(a.token, b.token) ||
      a.atSeconds - b.atSeconds ||
      compare(a.swap.block_number, b.swap.block_number) ||
      compare(a.swap.tx_hash, b.swap.tx_hash) ||
      a.swap.ins_index - b.swap.ins_index ||
      a.swap.inner_ins_index - b.swap.inner_ins_index,
  )
  let sequence = 0
  return ordered.map((trade, index) => {
    const before = ordered[index - 1]
    sequence = before?.wallet === trade.wallet && before.token === trade.token ? sequence + 1 : 1
    return { ...trade, sequence }
  })
}

const compare = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

const isValue = (value: Rational | undefined): boolean =>
  value !== undefined && inUnits(value) > 0n && inUnits(value) < 10n ** 32n
