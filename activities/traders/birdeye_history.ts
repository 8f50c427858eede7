import type { Row } from '../../schemas/table.js'
import type { historyCursors } from '../../schemas/traders/bronze/history_cursors.js'
import type { BirdEyeWork } from './birdeye.js'
import { historyEndpoint, readSpan } from './birdeye_span.js'
import { type RejectedRow, reject } from './bronze_rejections.js'
import { readSwaps, type SwapRow } from './bronze_swap.js'
import { gaps, isCovered, type Span, type Spans, withSpan } from './history_coverage.js'
import { UnparsedPage } from './unparsed_page.js'

export type HistoryCursor = Row<typeof historyCursors>

export interface HistoryRequest {
  readonly walletAddress: string
  /** The run's logical time: later swaps are left to later runs. */
  readonly asOf: Date
  /** What earlier runs have read. */
  readonly cursor: HistoryCursor | undefined
  readonly days: number
  readonly maxTransactions: number
  /** Default 100, the most the endpoint allows. */
  readonly pageSize?: number
  /** How long a swap may reach the source after its block. Default 300 s: the last minutes are read again by the next run. */
  readonly settlingSeconds?: number
  /** Pages may be left for `stageSwaps` to read. Default false: all swaps come as rows. */
  readonly mayLeaveUnparsed?: boolean
}

export interface HistoryPage {
  readonly rows: readonly SwapRow[]
  /** A page of which no row has been made, and the span of those that are meant; they may come again, here and as rows. */
  readonly unparsed?: { readonly page: UnparsedPage; readonly span: Span }
  readonly rejected: readonly RejectedRow[]
  /** True once the rows of this page and of all before it are stored. */
  readonly cursor: HistoryCursor
  /** The seconds that this page and those before it of the same span have read entirely. */
  readonly read?: Span
}

const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1000)
const dateOf = (seconds: number): Date => new Date(seconds * 1000)

/**
 * The swaps of a wallet that no earlier run has read, newest first: what is new, then what an unfinished run left out, then older
 * ones back to `days` or until `maxTransactions` are read. No row comes twice in one call, unless in
 * an unparsed page. Yields at least once; the cursor of the
 * last page is where to go on, also where a later page throws (QuotaExhausted, SourceUnavailable).
 */
export async function* fetchHistory(work: BirdEyeWork, request: HistoryRequest): AsyncGenerator<HistoryPage> {
  const { walletAddress, asOf, cursor, maxTransactions, pageSize = 100, settlingSeconds = 300 } = request
  const question = { asOf, endpoint: historyEndpoint, subject: walletAddress }
  const top = secondsOf(asOf)
  const wanted = { from: top - request.days * 86_400, to: top }
  const settled = top - settlingSeconds
  // What was read only before the wanted days cannot be joined without reading more than is wanted.
  const known = spansOf(cursor).filter(({ to }) => to >= wanted.from - 1)
  const knownCount = known.length === 0 ? 0 : Number(cursor?.transaction_count ?? 0)
  const seen = new Set<string>()
  let spans: Spans = known
  /** New swaps in seconds that were read entirely: all of them, and those that no later run reads again. */
  let read = 0
  let count = knownCount
  const cursorNow = (limitReached: boolean) =>
    toCursor({ walletAddress, asOf, spans, count, settled: { from: wanted.from, to: settled }, limitReached })

  for (const span of gaps(wanted, known)) {
    const isOlder = known.length === 0 || known.every(({ from }) => from > span.to)
    const limit = isOlder ? maxTransactions - knownCount : maxTransactions
    if (read >= limit) break
    let pending: number[] = []
    /** Of the seconds from here on, all swaps have been counted. */
    let counted = span.to + 1
    const pages = readSpan(work, walletAddress, span, pageSize, request.mayLeaveUnparsed)
    for await (const { items, readFrom, overfullSecond } of pages) {
      const rows: SwapRow[] = []
      const rejected: RejectedRow[] = []
      if (items instanceof UnparsedPage) {
        // What is pending of the pages before stands in this one again.
        pending = items.seconds.filter((second) => second < counted)
      } else {
        const swaps = readSwaps(question, items)
        rejected.push(...swaps.rejected)
        for (const row of swaps.rows) {
          const key = `${row.tx_hash} ${row.ins_index} ${row.inner_ins_index}`
          const second = secondsOf(row.block_time)
          if (second < span.from || second > span.to || seen.has(key)) continue
          seen.add(key)
          rows.push(row)
          if (second < counted) pending.push(second)
        }
      }
      if (overfullSecond !== undefined) {
        rejected.push(
          reject(question, { overfull_second: overfullSecond }, 'more swaps in one second than can be reached'),
        )
      }
      const done = pending.filter((second) => second >= readFrom)
      pending = pending.filter((second) => second < readFrom)
      counted = readFrom
      read += done.length
      count += done.filter((second) => second <= settled && !isCovered(second, known)).length
      spans = withSpan(spans, { from: readFrom, to: Math.min(span.to, settled) })
      const limitReached = read >= limit
      yield {
        rows,
        ...(items instanceof UnparsedPage && { unparsed: { page: items, span } }),
        rejected,
        cursor: cursorNow(limitReached),
        read: { from: readFrom, to: span.to },
      }
      if (limitReached && readFrom > span.from) return
    }
  }
  yield { rows: [], rejected: [], cursor: cursorNow(read + knownCount >= maxTransactions) }
}

const spansOf = (cursor: HistoryCursor | undefined): Spans => {
  const pairs = [
    [cursor?.unfinished_before, cursor?.read_to],
    [cursor?.covered_from, cursor?.covered_to],
  ]
  return pairs.flatMap(([from, to]) => (from && to ? [{ from: secondsOf(from), to: secondsOf(to) }] : []))
}

interface Progress {
  readonly walletAddress: string
  readonly asOf: Date
  readonly spans: Spans
  readonly count: number
  readonly settled: { readonly from: number; readonly to: number }
  readonly limitReached: boolean
}

/** A cursor has room for two spans: a third, in the middle, is forgotten and read again, so that the newest can always grow. */
const toCursor = ({ walletAddress, asOf, spans, count, settled, limitReached }: Progress): HistoryCursor => {
  const covered = spans.at(-1)
  const ahead = spans.length > 1 ? spans[0] : undefined
  const missing = gaps(settled, spans)
  const isReadFromNewest = covered !== undefined && ahead === undefined && covered.to >= settled.to
  return {
    wallet_address: walletAddress,
    as_of: asOf,
    covered_from: covered ? dateOf(covered.from) : null,
    covered_to: covered ? dateOf(covered.to) : null,
    unfinished_before: ahead ? dateOf(ahead.from) : null,
    read_to: ahead ? dateOf(ahead.to) : null,
    is_complete: missing.length === 0 ? ahead === undefined : limitReached && isReadFromNewest,
    transaction_count: BigInt(count),
  }
}
