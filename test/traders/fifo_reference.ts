import { minus, plus, type Rational, rational, sum, times, zero } from './rational.js'

export interface ReferenceTrade {
  readonly sequence: number
  readonly side: 'buy' | 'sell'
  readonly quantity: bigint
  /** undefined: unpriced */
  readonly value: Rational | undefined
  readonly atSeconds: number
}

export interface ReferencePiece {
  readonly buy: ReferenceTrade
  readonly sale: ReferenceTrade
  readonly quantity: bigint
  readonly cost: Rational | undefined
  readonly proceeds: Rational | undefined
}

interface Lot {
  readonly buy: ReferenceTrade
  left: bigint
}

export interface ReferenceSale {
  readonly sale: ReferenceTrade
  readonly pieces: readonly ReferencePiece[]
  readonly unmatched: bigint
  readonly closesPosition: boolean
}

const part = (trade: ReferenceTrade, quantity: bigint): Rational | undefined =>
  trade.value === undefined ? undefined : times(trade.value, rational(quantity, trade.quantity))

/** First in, first out as it is told in words: a queue of lots, each sale eating from its front. */
export const fifo = (trades: readonly ReferenceTrade[]): { sales: ReferenceSale[]; lots: readonly Lot[] } => {
  const lots: Lot[] = []
  const sales: ReferenceSale[] = []
  for (const trade of trades) {
    if (trade.side === 'buy') {
      lots.push({ buy: trade, left: trade.quantity })
      continue
    }
    const heldBefore = held(lots)
    const pieces: ReferencePiece[] = []
    let wanted = trade.quantity
    for (const lot of lots) {
      // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigint
      const quantity = lot.left < wanted ? lot.left : wanted
      if (quantity === 0n) continue
      lot.left -= quantity
      wanted -= quantity
      pieces.push({
        buy: lot.buy,
        sale: trade,
        quantity,
        cost: part(lot.buy, quantity),
        proceeds: part(trade, quantity),
      })
    }
    sales.push({
      sale: trade,
      pieces,
      unmatched: wanted,
      closesPosition: pieces.length > 0 && held(lots) * 100n <= heldBefore,
    })
  }
  return { sales, lots }
}

const held = (lots: readonly Lot[]): bigint => lots.reduce((total, lot) => total + lot.left, 0n)

export interface ReferencePnl {
  readonly realized: Rational
  readonly costOfSold: Rational
  readonly matchedProceeds: Rational
  readonly sold: Rational
  readonly unmatchedQuantity: bigint
  /** PnL and cost of each round trip that ended in the span. */
  readonly trips: readonly { readonly pnl: Rational; readonly cost: Rational }[]
  readonly quickSales: number
  readonly matchedSales: number
}

/** PnL of the sales after `since`. */
export const pnlSince = (sales: readonly ReferenceSale[], since: number): ReferencePnl => {
  const own = sales.filter(({ sale }) => sale.atSeconds > since)
  const known = own.flatMap(({ pieces }) => pieces).flatMap(knownPiece)
  const priced = own.filter(({ sale }) => sale.value !== undefined)
  const quantityOf = (pieces: readonly ReferencePiece[]) =>
    pieces.filter((piece) => knownPiece(piece).length > 0).reduce((total, { quantity }) => total + quantity, 0n)
  const matched = own.filter(({ pieces }) => pieces.flatMap(knownPiece).length > 0)
  return {
    realized: sum(known.map(({ cost, proceeds }) => minus(proceeds, cost))),
    costOfSold: sum(known.map(({ cost }) => cost)),
    matchedProceeds: sum(known.map(({ proceeds }) => proceeds)),
    sold: sum(priced.map(({ sale }) => sale.value ?? zero)),
    unmatchedQuantity: priced.reduce((total, { sale, pieces }) => total + sale.quantity - quantityOf(pieces), 0n),
    trips: tripsOf(sales).filter(({ endedAt }) => endedAt > since),
    quickSales: matched.filter(({ pieces }) =>
      pieces.some((piece) => knownPiece(piece).length > 0 && heldSeconds(piece) <= 60),
    ).length,
    matchedSales: matched.length,
  }
}

const heldSeconds = ({ buy, sale }: ReferencePiece): number => sale.atSeconds - buy.atSeconds

const knownPiece = ({ cost, proceeds }: ReferencePiece): { cost: Rational; proceeds: Rational }[] =>
  cost === undefined || proceeds === undefined ? [] : [{ cost, proceeds }]

const tripsOf = (sales: readonly ReferenceSale[]): { pnl: Rational; cost: Rational; endedAt: number }[] => {
  const trips: { pnl: Rational; cost: Rational; endedAt: number }[] = []
  let running = { pnl: zero, cost: zero }
  for (const { sale, pieces, closesPosition } of sales) {
    for (const { cost, proceeds } of pieces.flatMap(knownPiece))
      running = { pnl: plus(running.pnl, minus(proceeds, cost)), cost: plus(running.cost, cost) }
    if (!closesPosition) continue
    if (running.cost.over > 0n) trips.push({ ...running, endedAt: sale.atSeconds })
    running = { pnl: zero, cost: zero }
  }
  return trips
}
