import { SourceChanged } from '../../infra/errors.js'
import type { BirdEyeWork } from './birdeye.js'
import { isItem, numberOf } from './birdeye_fields.js'
import type { Span } from './history_coverage.js'
import { RegularSwap, type SwapPages } from './swap_pages.js'

export const historyEndpoint = '/trader/txs/seek_by_time'
/** BirdEye's limit for every endpoint: offset and page together. */
const deepestOffset = 10_000
/** The same page so many times in a row: it is not moving, and never will. */
const repeatsTolerated = 3

export interface SpanPage {
  readonly items: readonly unknown[]
  /** Every second of the span from this one on has been read entirely. */
  readonly readFrom: number
  /** A second with more swaps than can be reached, whose rest is lost. */
  readonly overfullSecond?: number
}

/**
 * A wallet's swaps of a span, newest first, page by page. The next page is asked for from one second after the last row's, since
 * that second may go on there; where a page ends in the second it began in, it is paged through by offset. So rows come twice, and
 * none is left out. Rows outside the span may come too. Throws SourceChanged where the pages do not move on.
 */
export async function* readSpan(
  work: BirdEyeWork,
  walletAddress: string,
  span: Span,
  pageSize: number,
  swapPages?: SwapPages,
): AsyncGenerator<SpanPage> {
  const read = swapPages && ((answer: string) => swapPages.read(answer))
  let before = span.to + 1
  let offset = 0
  let repeats = 0
  /** The rows before `before` that were seen since it was set: their number is the next offset, however often one comes. */
  const seen = new Set<string>()
  /** Rows of `before` itself, which a source that means it too puts first: known, and to be stepped over. */
  let skipped = 0
  let previous = ''
  for (;;) {
    const query = { address: walletAddress, tx_type: 'swap', before_time: before, offset }
    const { items, hasNext } = await work.page(historyEndpoint, query, Math.min(pageSize, deepestOffset - offset), read)
    swapPages?.learn(items)
    const { last, isOrdered } = timesOf(items)
    const isBelow = isOrdered && last !== undefined && last < span.from
    if (hasNext === false || items.length === 0 || isBelow) {
      yield { items, readFrom: span.from }
      return
    }
    if (isOrdered && last !== undefined && last + 1 < before) {
      before = last + 1
      offset = 0
      repeats = 0
      skipped = 0
      seen.clear()
      yield { items, readFrom: before }
      continue
    }
    const known = seen.size
    for (const item of items) if ((timeOf(item) ?? before) < before) seen.add(JSON.stringify(item))
    const text = JSON.stringify(items)
    repeats = seen.size === known && text === previous ? repeats + 1 : 0
    previous = text
    // Nothing new, twice: these rows do stand here.
    if (repeats === 1) skipped += items.length
    if (repeats >= repeatsTolerated) {
      throw new SourceChanged(`${historyEndpoint} for ${walletAddress} repeats one page before ${before} without end`)
    }
    offset = seen.size + skipped
    if (offset < deepestOffset) {
      yield { items, readFrom: before }
      continue
    }
    if (!isOrdered) throw new SourceChanged(`${historyEndpoint} for ${walletAddress} is not in order of time`)
    before -= 1
    offset = 0
    skipped = 0
    seen.clear()
    yield { items, readFrom: before, overfullSecond: before }
  }
}

/** The block time of the last row that has one, and whether no row is later than the one before it. */
const timesOf = (items: readonly unknown[]): { last: number | undefined; isOrdered: boolean } => {
  let last: number | undefined
  let isOrdered = true
  for (const item of items) {
    const time = timeOf(item)
    if (time === undefined) continue
    if (last !== undefined && time > last) isOrdered = false
    last = time
  }
  return { last, isOrdered }
}

const timeOf = (item: unknown): number | undefined => {
  if (item instanceof RegularSwap) return item.second
  const time = isItem(item) ? numberOf(item['block_unix_time'] ?? item['blockUnixTime']) : null
  return typeof time === 'number' ? time : undefined
}
