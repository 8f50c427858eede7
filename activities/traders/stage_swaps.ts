import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { stageRows } from '../../infra/stage_rows.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import type { HistoryPage } from './birdeye_history.js'
import type { RejectedRow } from './bronze_rejections.js'
import type { SwapRow } from './bronze_swap.js'
import { readSwapFiles, type SwapFile } from './swap_files.js'

/** About 120 pages: enough for all of DuckDB's threads, and little enough to be held twice. */
const bytesAtOnce = 16 * 1024 * 1024
/** As many as `stageRows` appends at a time. */
const rowsAtOnce = 2048

const name = `staged ${transactionHistory.name}`
const staged = quotedIdentifier(name)
const columns = Object.entries(transactionHistory.columns).map(([column, { sql }]) => `${column} ${sql}`)
const key = transactionHistory.key.join(', ')

export interface StagedSwaps {
  /** The relation's SQL name. */
  readonly staged: string
  /** What was found among unparsed items. */
  readonly rejected: readonly RejectedRow[]
}

/**
 * Stages the swaps of pages in a temporary table of the session, each once. DuckDB reads unparsed pages from files in `folder`, with
 * all its threads and while the next pages are fetched; a file with anything that `toSwap` might take otherwise is read by that.
 * Throws SourceChanged where too many items of a page are no swaps, or a page turns out to be in another order than it seemed, and
 * SourceUnavailable where one is no JSON.
 */
export const stageSwaps = async (
  session: Session,
  folder: string,
  histories: AsyncIterable<HistoryPage>,
): Promise<StagedSwaps> => {
  await session.run(
    `CREATE TEMP TABLE ${staged} (${columns.join(', ')}, file INTEGER, is_odd BOOLEAN, is_outside BOOLEAN)`,
  )
  const rejected: RejectedRow[] = []
  let running: Promise<unknown> = Promise.resolve()
  let waiting = new Map<string, SwapFile>()
  let rows: SwapRow[] = []
  let bytes = 0
  let begun = 0
  /** Begins what is waiting, once what was begun before is done. */
  const begin = async () => {
    await running
    const [files, others, first] = [[...waiting.values()], rows, begun]
    begun += files.length
    waiting = new Map()
    rows = []
    bytes = 0
    running = (async () => {
      const found = await readSwapFiles(session, staged, { folder, files, first })
      rejected.push(...found.rejected)
      await append(session, [...others, ...found.rows])
    })()
    // Whoever awaits it next is told; until then it is not unhandled.
    running.catch(() => undefined)
  }
  try {
    for await (const { cursor, unparsed, rows: parsed } of histories) {
      rows.push(...parsed)
      if (unparsed !== undefined) {
        const { page, span } = unparsed
        const place = `${cursor.wallet_address} ${span.from}`
        const file = waiting.get(place) ?? { asOf: cursor.as_of, wallet: cursor.wallet_address, span, pages: [] }
        waiting.set(place, file)
        file.pages.push(page)
        bytes += page.bytes
      }
      if (bytes >= bytesAtOnce || rows.length >= rowsAtOnce) await begin()
    }
    await begin()
    await running
  } finally {
    // Nobody closes the connection under a running statement.
    await running.catch(() => undefined)
  }
  await session.run(`DELETE FROM ${staged} WHERE is_outside`)
  await session.run(`
    DELETE FROM ${staged} WHERE rowid IN (
      SELECT rowid
      FROM (
        SELECT rowid, row_number() OVER (PARTITION BY ${key} ORDER BY rowid) AS number
        FROM ${staged} WHERE hash(${key}) IN (SELECT hash(${key}) FROM ${staged} GROUP BY ALL HAVING count(*) > 1))
      WHERE number > 1)`)
  return { staged, rejected }
}

/** Adds rows to the staged ones. */
const append = async (session: Session, rows: readonly SwapRow[]): Promise<void> => {
  if (rows.length === 0) return
  const parsed = `parsed ${transactionHistory.name}`
  await stageRows(session.connection, parsed, transactionHistory, [rows])
  await session.run(`INSERT INTO ${staged} BY NAME FROM ${quotedIdentifier(parsed)}`)
  await session.run(`DROP TABLE ${quotedIdentifier(parsed)}`)
}
