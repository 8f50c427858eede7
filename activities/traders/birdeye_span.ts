import { SourceChanged } from '../../infra/errors.js'
import type { BirdEyeWork } from './birdeye.js'
import { isItem, numberOf } from './birdeye_fields.js'
import type { Span } from './history_coverage.js'
import { UnparsedPage } from './unparsed_page.js'

export const historyEndpoint = '/trader/txs/seek_by_time'
/** BirdEye's limit for every endpoint: offset and page together. */
const deepestOffset = 10_000
/** The same page so many times in a row: it is not moving, and never will. */
const repeatsTolerated = 3

export interface SpanPage {
  readonly items: readonly unknown[] | UnparsedPage
  /** Every second of the span from this one on has been read entirely. */
  readonly readFrom: number
  /** A second with more swaps than can be reached, whose rest is lost. */
  readonly overfullSecond?: number
}

/**
 * A wallet's swaps of a span, newest first, page by page. The next page is asked for from one second after the last row's, since
 * that second may go on there; where a page ends in the second it began in, it is paged through by offset. So rows come twice, and
 * none is left out. Rows outside the span may come too. With
 * `mayLeaveUnparsed` a page whose rows matter to nobody yet comes unparsed. Throws SourceChanged where the pages do not move on.
 */
export async function* readSpan(
  work: BirdEyeWork,
  walletAddress: string,
  span: Span,
  pageSize: number,
  mayLeaveUnparsed = false,
): AsyncGenerator<SpanPage> {
  const leaveUnparsed = (body: Buffer) => UnparsedPage.of(historyEndpoint, body)
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
    const read = mayLeaveUnparsed && offset === 0 ? leaveUnparsed : undefined
    const page = await work.page(historyEndpoint, query, Math.min(pageSize, deepestOffset - offset), read)
    const { last, isOrdered } = orderOf(page instanceof UnparsedPage ? page.seconds : secondsOf(page.items))
    const isBelow = isOrdered && last !== undefined && last < span.from
    const found = page instanceof UnparsedPage ? page : page.items
    if (page.hasNext === false || isEmpty(found) || isBelow) {
      yield { items: found, readFrom: span.from }
      return
    }
    if (isOrdered && last !== undefined && last + 1 < before) {
      before = last + 1
      offset = 0
      repeats = 0
      skipped = 0
      seen.clear()
      yield { items: found, readFrom: before }
      continue
    }
    const { items } = page
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

const isEmpty = (found: readonly unknown[] | UnparsedPage): boolean =>
  !(found instanceof UnparsedPage) && found.length === 0

/** The last of the block times, and whether none is later than the one before it. */
export const orderOf = (seconds: readonly number[]): { last: number | undefined; isOrdered: boolean } => ({
  last: seconds.at(-1),
  isOrdered: seconds.every((second, index) => index === 0 || second <= (seconds[index - 1] ?? second)),
})

/** The block times of the rows that have one. */
export const secondsOf = (items: readonly unknown[]): number[] => items.flatMap((item) => timeOf(item) ?? [])

const timeOf = (item: unknown): number | undefined => {
  const time = isItem(item) ? numberOf(item['block_unix_time'] ?? item['blockUnixTime']) : null
  return typeof time === 'number' ? time : undefined
}
