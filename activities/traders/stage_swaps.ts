import { LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { stageRows } from '../../infra/stage_rows.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import type { HistoryPage } from './birdeye_history.js'
import type { SwapRow } from './bronze_swap.js'

/** About 30 pages: below that a statement's own cost counts, above it nothing is gained. */
const charactersAtOnce = 4 * 1024 * 1024
/** As many as `stageRows` appends at a time. */
const rowsAtOnce = 2048

type Column = keyof typeof transactionHistory.columns

const leg = {
  address: 'VARCHAR',
  symbol: 'VARCHAR',
  decimals: 'INTEGER',
  change_amount: 'DECIMAL(38,0)',
  price: 'DOUBLE',
  nearest_price: 'DOUBLE',
}
const swap = {
  base: leg,
  quote: leg,
  base_price: 'DOUBLE',
  quote_price: 'DOUBLE',
  tx_hash: 'VARCHAR',
  ins_index: 'INTEGER',
  inner_ins_index: 'INTEGER',
  block_unix_time: 'BIGINT',
  block_number: 'BIGINT',
  volume_usd: 'DOUBLE',
  source: 'VARCHAR',
  address: 'VARCHAR',
  interacted_program_id: 'VARCHAR',
}
const page = JSON.stringify({ wallet_address: 'VARCHAR', swaps: [swap] })

/** `toSwap` for a regular swap. */
const columns: Readonly<Record<Column, string>> = {
  wallet_address: 'wallet_address',
  tx_hash: 's.tx_hash',
  ins_index: 's.ins_index',
  inner_ins_index: 'coalesce(s.inner_ins_index, -1)',
  ins_index_is_fallback: 'false',
  block_time: 'to_timestamp(s.block_unix_time)',
  block_number: 's.block_number',
  base_address: 's.base.address',
  base_symbol: `nullif(s.base.symbol, '')`,
  base_decimals: 's.base.decimals',
  base_change_raw: 's.base.change_amount',
  base_price_usd: 'coalesce(s.base.price, s.base_price, s.base.nearest_price)',
  quote_address: 's.quote.address',
  quote_symbol: `nullif(s.quote.symbol, '')`,
  quote_decimals: 's.quote.decimals',
  quote_change_raw: 's.quote.change_amount',
  quote_price_usd: 'coalesce(s.quote.price, s.quote_price, s.quote.nearest_price)',
  volume_usd: 's.volume_usd',
  source: `nullif(s.source, '')`,
  pool_address: `nullif(s.address, '')`,
  program_id: `nullif(s.interacted_program_id, '')`,
}

const insertInto = (table: string): string => `
  INSERT INTO ${table} BY NAME
  SELECT ${Object.entries(columns)
    .map(([column, expression]) => `${expression} AS ${column}`)
    .join(', ')}
  FROM (
    SELECT page.wallet_address, unnest(page.swaps) AS s
    FROM (SELECT from_json(text, '${page}') AS page FROM (SELECT unnest($pages) AS text)))`

/**
 * Stages the swaps of pages in a temporary table of the session; resolves to its SQL name. Regular ones go to DuckDB as text, which
 * parses them while the next pages are read; of these, two times `charactersAtOnce` are held at most.
 */
export const stageSwaps = async (session: Session, histories: AsyncIterable<HistoryPage>): Promise<string> => {
  const name = `staged ${transactionHistory.name}`
  const insert = insertInto(quotedIdentifier(name))
  let inserting: Promise<unknown> = Promise.resolve()
  const rowsBetweenInserts = async function* () {
    const statement = await session.connection.prepare(insert)
    let rows: SwapRow[] = []
    let texts: string[] = []
    let characters = 0
    const insertTexts = async () => {
      await inserting
      if (texts.length === 0) return
      statement.bind({ pages: listValue(texts) }, { pages: LIST(VARCHAR) })
      inserting = statement.run()
      // Whoever awaits it next is told; until then it is not unhandled.
      inserting.catch(() => undefined)
      texts = []
      characters = 0
    }
    try {
      for await (const { cursor, regular, rows: odd } of histories) {
        if (regular.length > 0) {
          const swaps = regular.map(({ text }) => text).join(',')
          texts.push(`{"wallet_address":${JSON.stringify(cursor.wallet_address)},"swaps":[${swaps}]}`)
          characters += swaps.length
        }
        rows.push(...odd)
        if (characters >= charactersAtOnce) await insertTexts()
        if (rows.length < rowsAtOnce) continue
        await inserting
        // They are appended before the next page is asked for, and so never while a statement runs.
        yield rows
        rows = []
      }
      await insertTexts()
      await inserting
      yield rows
    } finally {
      // Nobody closes the connection under a running statement.
      await inserting.catch(() => undefined)
    }
  }
  await stageRows(session.connection, name, transactionHistory, rowsBetweenInserts())
  return quotedIdentifier(name)
}
