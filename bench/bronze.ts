/**
 * How fast pages of BirdEye's swaps become committed rows, beside DuckDB's own `read_json` of the same bytes into a DuckLake table of
 * the same columns, and beside the bare JSON.parse that a JavaScript thread cannot do without. One process, one lake, alternating,
 * best of three. `--extensions DIR` names DuckDB's extension directory, `--threads N` how many threads DuckDB has (default: all).
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { fetchHistory } from '../activities/traders/birdeye_history.js'
import { toPage } from '../activities/traders/birdeye_page.js'
import { parseLossless } from '../infra/http/lossless_json.js'
import { type Lake, openLake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { stageRows } from '../infra/stage_rows.js'
import type { Row } from '../schemas/table.js'
import { tradersBronze } from '../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../schemas/traders/bronze/transaction_history.js'
import { swapPage } from './bronze_pages.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    pages: { type: 'string', default: '2000' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
})
if (values.extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')
const pageCount = Number(values.pages)
const pageSize = 100
const pagesPerWallet = 20
const asOf = new Date('2026-11-21T06:00:00Z')

const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
const files: string[] = []
let bytes = 0
for (let page = 0; page < pageCount; page += 1) {
  const file = path.join(folder, `page-${String(page).padStart(5, '0')}.json`)
  const text = swapPage(page, pageSize, (page + 1) % pagesPerWallet !== 0)
  bytes += text.length
  files.push(file)
  await writeFile(file, text)
}
const lake = await openLake({
  catalog: { kind: 'file', path: path.join(folder, 'catalog.ducklake') },
  data: { kind: 'folder', path: path.join(folder, 'data') },
  extensionDirectory: values.extensions,
  temporaryDirectory: path.join(folder, 'spill'),
  threads: Number(values.threads),
})
await reconcile(lake, [tradersBronze])

const columns = Object.keys(transactionHistory.columns).join(', ')

/** The client's own path, without the network: bytes, pages, validated and deduplicated rows, a staged table, the lake. */
const ours = (): Promise<number> =>
  lake.session(async (session) => {
    const rows = async function* (): AsyncGenerator<readonly Row<typeof transactionHistory>[]> {
      for (let first = 0; first < files.length; first += pagesPerWallet) {
        let next = first
        const work = {
          page: async () => {
            const text = readFileSync(files[next++] ?? '', 'utf8')
            const { data } = parseLossless(text) as { data: unknown }
            return toPage('bench', data)
          },
        }
        const request = { walletAddress: `wallet ${first}`, asOf, cursor: undefined, days: 3_650, maxTransactions: 1e6 }
        for await (const page of fetchHistory(work, request)) yield page.rows
      }
    }
    const count = await stageRows(session.connection, 'bench', transactionHistory, rows())
    await insert(session, `SELECT ${columns} FROM bench`)
    await session.run('DROP TABLE bench')
    return count
  })

const leg =
  'STRUCT(address VARCHAR, symbol VARCHAR, decimals INTEGER, change_amount DECIMAL(38,0), price DOUBLE, nearest_price DOUBLE)'
const item = `STRUCT(base ${leg}, quote ${leg}, tx_hash VARCHAR, source VARCHAR, block_unix_time BIGINT, block_number BIGINT,
  address VARCHAR, owner VARCHAR, volume_usd DOUBLE, ins_index INTEGER, inner_ins_index INTEGER, interacted_program_id VARCHAR)`

const readJson = (): Promise<number> =>
  lake.session(async (session) =>
    insert(
      session,
      `SELECT i.owner, i.tx_hash, i.ins_index, i.inner_ins_index, false, to_timestamp(i.block_unix_time), i.block_number,
        i.base.address, i.base.symbol, i.base.decimals, i.base.change_amount, coalesce(i.base.price, i.base.nearest_price),
        i.quote.address, i.quote.symbol, i.quote.decimals, i.quote.change_amount, coalesce(i.quote.price, i.quote.nearest_price),
        i.volume_usd, i.source, i.address, i.interacted_program_id
      FROM (SELECT unnest(data.items) AS i
            FROM read_json('${folder}/page-*.json', columns => {data: 'STRUCT(items ${item}[])'}))`,
    ),
  )

const insert = async (session: Parameters<Parameters<Lake['session']>[0]>[0], select: string): Promise<number> => {
  await session.run('BEGIN')
  const rows = await session.run(`INSERT INTO lake.traders_bronze.transaction_history (${columns}) ${select}`)
  await session.run('COMMIT')
  return rows
}

/** No lake, no lossless amounts, no rows: what our side would take at the very least. */
const parseOnly = async (): Promise<number> => {
  let rows = 0
  for (const file of files) {
    const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: { items: unknown[] } }
    rows += data.items.length
  }
  return rows
}

const best: Record<string, number> = {}
for (let round = 0; round < 3; round += 1) {
  for (const [name, run] of Object.entries({
    read_json: readJson,
    'pages to rows': ours,
    'JSON.parse only': parseOnly,
  })) {
    const start = performance.now()
    const rows = await run()
    const seconds = (performance.now() - start) / 1000
    if (rows !== pageCount * pageSize) throw new Error(`${name}: ${rows} rows of ${pageCount * pageSize}`)
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, seconds)
  }
}
await lake.close()
await rm(folder, { recursive: true, force: true })
const [direct = 0, client = 0] = Object.values(best)
console.log(
  `${pageCount * pageSize} swaps, ${(bytes / 1e6).toFixed(0)} MB of JSON, DuckDB on ${values.threads} threads, best of 3`,
)
for (const [name, seconds] of Object.entries(best)) {
  console.log(`  ${name.padEnd(16)} ${seconds.toFixed(2)} s  ${Math.round((pageCount * pageSize) / seconds)} rows/s`)
}
console.log(`  ratio of speeds  ${(direct / client).toFixed(2)} (wanted: 0.8)`)
