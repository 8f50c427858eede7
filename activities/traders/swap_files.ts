import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { BIGINT, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { SourceChanged } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import { historyEndpoint, orderOf, secondsOf } from './birdeye_span.js'
import type { RejectedRow } from './bronze_rejections.js'
import { readSwaps, type SwapRow } from './bronze_swap.js'
import type { Span } from './history_coverage.js'
import { swapsOfFiles } from './swap_sql.js'
import type { UnparsedPage } from './unparsed_page.js'

/** Pages of one wallet and span, that DuckDB is to read from one file. */
export interface SwapFile {
  readonly asOf: Date
  readonly wallet: string
  readonly span: Span
  readonly pages: UnparsedPage[]
}

export interface SwapFiles {
  readonly folder: string
  readonly files: readonly SwapFile[]
  /** The number of the first of them; no two that are staged in one table have the same. */
  readonly first: number
}

/**
 * Has DuckDB add the files' swaps to the table `staged`; where a file holds anything that `toSwap` might take otherwise, that reads
 * it instead, and the promise resolves to what it made of it.
 */
export const readSwapFiles = async (
  session: Session,
  staged: string,
  { folder, files, first }: SwapFiles,
): Promise<{ readonly rows: readonly SwapRow[]; readonly rejected: readonly RejectedRow[] }> => {
  const rows: SwapRow[] = []
  const rejected: RejectedRow[] = []
  const trusted = await readTrusted(session, staged, { folder, files, first })
  for (const [index, { asOf, wallet, span, pages }] of files.entries()) {
    if (trusted.has(first + index)) continue
    await session.run(`DELETE FROM ${staged} WHERE file = $file`, { file: first + index })
    for (const page of pages) {
      const { items } = page
      const [seemed, is] = [orderOf(page.seconds), orderOf(secondsOf(items))]
      if (seemed.last !== is.last || seemed.isOrdered !== is.isOrdered) {
        throw new SourceChanged(`${historyEndpoint} for ${wallet} tells other block times than its swaps'`)
      }
      const swaps = readSwaps({ asOf, endpoint: historyEndpoint, subject: wallet }, items)
      rejected.push(...swaps.rejected)
      rows.push(...swaps.rows.filter(({ block_time }) => isWithin(span, block_time)))
    }
  }
  return { rows, rejected }
}

const isWithin = ({ from, to }: Span, moment: Date): boolean => {
  const second = Math.floor(moment.getTime() / 1000)
  return from <= second && second <= to
}

/** Has DuckDB read the files; resolves to the numbers of those whose rows are sure to be what `toSwap` would have made. */
const readTrusted = async (
  session: Session,
  staged: string,
  { folder, files, first }: SwapFiles,
): Promise<ReadonlySet<number>> => {
  if (files.length === 0) return new Set()
  const paths = files.map((_, index) => path.join(folder, `${first + index}.json`))
  await Promise.all(files.map((file, index) => write(paths[index] ?? '', file.pages)))
  const bigints = (numbers: readonly number[]) => listValue(numbers.map(BigInt))
  try {
    await session.connection.run(
      `INSERT INTO ${staged} ${swapsOfFiles}`,
      {
        files: listValue(paths),
        first,
        wallets: listValue(files.map(({ wallet }) => wallet)),
        from: bigints(files.map(({ span }) => span.from)),
        to: bigints(files.map(({ span }) => span.to)),
      },
      { files: LIST(VARCHAR), wallets: LIST(VARCHAR), from: LIST(BIGINT), to: LIST(BIGINT) },
    )
  } catch {
    // Something in one of them is of another type, or no JSON: which, and what to say of it, parsing will tell.
    return new Set()
  } finally {
    await Promise.all(paths.map((file) => rm(file, { force: true })))
  }
  const found = await session.all(
    `SELECT file, count(*)::INTEGER AS swaps, sum(epoch(block_time)) AS seconds FROM ${staged} WHERE file >= $first GROUP BY file HAVING NOT bool_or(is_odd)`,
    { first },
  )
  const isAsSeen = ({ file, swaps, seconds }: (typeof found)[number]) => {
    const seen = files[Number(file) - first]?.pages.flatMap((page) => page.seconds) ?? []
    return swaps === seen.length && seconds === seen.reduce((sum, second) => sum + second, 0)
  }
  return new Set(found.filter(isAsSeen).map(({ file }) => Number(file)))
}

const write = async (file: string, pages: readonly UnparsedPage[]): Promise<void> => {
  const handle = await open(file, 'w')
  try {
    const lines = pages.map((page) => page.lines())
    const { bytesWritten } = await handle.writev(lines)
    const bytes = lines.reduce((sum, { length }) => sum + length, 0)
    if (bytesWritten !== bytes)
      throw new Error(`${file}: ${bytesWritten} of ${bytes} bytes were written; is the disk full?`)
  } finally {
    await handle.close()
  }
}
