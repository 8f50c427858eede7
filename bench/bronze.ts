/**
 * How fast pages of BirdEye's swaps become committed rows, beside DuckDB's own `read_json` of the same bytes into the same DuckLake
 * table, and beside the bare JSON.parse. Ours is the activity that the product runs, from a page's bytes to its commit. One process,
 * one lake, alternating, best of `--rounds`. `--extensions DIR` names DuckDB's extension directory, `--threads N` how many threads
 * DuckDB has (default: all).
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { BirdEyeWork } from '../activities/traders/birdeye.js'
import { toPage } from '../activities/traders/birdeye_page.js'
import { fetchHistories } from '../activities/traders/fetch_histories.js'
import type { Fetched } from '../activities/traders/fetched.js'
import { parseLossless } from '../infra/http/lossless_json.js'
import { openLake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { stageRows } from '../infra/stage_rows.js'
import { transactionHistory } from '../schemas/traders/bronze/transaction_history.js'
import { whaleHolders } from '../schemas/traders/bronze/whale_holders.js'
import { traders } from '../schemas/traders/index.js'
import { smartTradersInput } from '../schemas/traders/smart_traders_input.js'
import { swapPage } from './bronze_pages.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    pages: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
})
if (values.extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')
const pageCount = Number(values.pages)
const pageSize = 100
const pagesPerWallet = 20

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
await reconcile(lake, traders.stages)

const columns = Object.keys(transactionHistory.columns).join(', ')

const asOf = '2026-11-21T06:00:00.000Z'
const walletCount = Math.ceil(pageCount / pagesPerWallet)
const history = smartTradersInput.parse({}).history

/** Whom the run is to read, as an earlier step of it has left them. */
const holders = Array.from({ length: walletCount }, (_, number) => ({
  ...whaleHolders.example,
  wallet_address: `wallet ${number}`,
}))
const snapshotId = await lake.session(async (session) => {
  await stageRows(session.connection, 'holders', whaleHolders, holders)
  await session.run('INSERT INTO lake.traders_bronze.whale_holders BY NAME FROM holders')
  return Number((await session.one('SELECT id FROM lake.last_committed_snapshot()'))['id'])
})

/** BirdEye without the network: an answer is a file, and which one follows from the wallet and how often it was asked about. */
const birdEyeOfFiles = () => {
  const asked = new Map<string, number>()
  const page: BirdEyeWork['page'] = async (endpoint, { address }, _, read) => {
    const wallet = String(address)
    const number = asked.get(wallet) ?? 0
    asked.set(wallet, number + 1)
    const file = files[Number(wallet.slice('wallet '.length)) * pagesPerWallet + number]
    const body = readFileSync(file ?? '')
    return read?.(body) ?? toPage(endpoint, (parseLossless(body.toString()) as { data: unknown }).data)
  }
  return { within: () => ({ page }) }
}

/** The activity itself, all batches of a run: pages, validated and deduplicated rows, cursors, checks, commits. */
const ours = async (round: number): Promise<number> => {
  const birdEye = birdEyeOfFiles()
  const fetchBatch = (batch: number): Promise<Fetched> =>
    fetchHistories(
      { lake, codeVersion: `round ${round}`, birdEye },
      { asOf, snapshotId, batch, computeUnits: 1e9, history: { ...history, days: 3_650 } },
    )
  const batches = Array.from({ length: Math.ceil(walletCount / history.walletsPerBatch) }, (_, batch) => batch)
  let rows = 0
  const fetched = async (batch: number) => {
    const { receipt }: Fetched = await new MockActivityEnvironment().run<[number], Fetched, typeof fetchBatch>(
      fetchBatch,
      batch,
    )
    rows += receipt.rows[transactionHistory.name] ?? 0
  }
  await Promise.all(batches.map(fetched))
  return rows
}

const leg =
  'STRUCT(address VARCHAR, symbol VARCHAR, decimals INTEGER, change_amount DECIMAL(38,0), price DOUBLE, nearest_price DOUBLE)'
const item = `STRUCT(base ${leg}, quote ${leg}, tx_hash VARCHAR, source VARCHAR, block_unix_time BIGINT, block_number BIGINT,
  address VARCHAR, owner VARCHAR, volume_usd DOUBLE, ins_index INTEGER, inner_ins_index INTEGER, interacted_program_id VARCHAR)`

const readJson = (): Promise<number> =>
  lake.session(async (session) => {
    await session.run('BEGIN')
    const rows = await session.run(
      `INSERT INTO lake.traders_bronze.transaction_history (${columns})
      SELECT i.owner, i.tx_hash, i.ins_index, i.inner_ins_index, false, to_timestamp(i.block_unix_time), i.block_number,
        i.base.address, i.base.symbol, i.base.decimals, i.base.change_amount, coalesce(i.base.price, i.base.nearest_price),
        i.quote.address, i.quote.symbol, i.quote.decimals, i.quote.change_amount, coalesce(i.quote.price, i.quote.nearest_price),
        i.volume_usd, i.source, i.address, i.interacted_program_id
      FROM (SELECT unnest(data.items) AS i
            FROM read_json('${folder}/page-*.json', columns => {data: 'STRUCT(items ${item}[])'}))`,
    )
    await session.run('COMMIT')
    return rows
  })

/** No lake, no lossless amounts, no rows: what our side would take at the very least. */
const parseOnly = async (): Promise<number> => {
  let rows = 0
  for (const file of files) {
    const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: { items: unknown[] } }
    rows += data.items.length
  }
  return rows
}

interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
}

const best = new Map<string, Cost>()
const ratios: number[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  const costs: Cost[] = []
  for (const [name, run] of Object.entries({
    read_json: readJson,
    'pages to rows': ours,
    'JSON.parse only': parseOnly,
  })) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const rows = await run(round)
    const { user, system } = process.cpuUsage(cpu)
    const cost = { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 }
    if (rows !== pageCount * pageSize) throw new Error(`${name}: ${rows} rows of ${pageCount * pageSize}`)
    const known = best.get(name)
    best.set(name, known === undefined || cost.seconds < known.seconds ? cost : known)
    costs.push(cost)
    // Each run finds the tables as the first one did.
    await lake.session(async (session) => {
      await session.run('DELETE FROM lake.traders_bronze.transaction_history')
      await session.run('DELETE FROM lake.traders_bronze.history_cursors')
    })
  }
  const [direct, client] = costs
  if (direct !== undefined && client !== undefined) ratios.push(direct.seconds / client.seconds)
}
await lake.close()
await rm(folder, { recursive: true, force: true })
const [direct, client] = [...best.values()]
if (direct === undefined || client === undefined) throw new Error('--rounds: at least 1')
console.log(
  `${pageCount * pageSize} swaps, ${(bytes / 1e6).toFixed(0)} MB of JSON, DuckDB on ${values.threads} threads, best of ${values.rounds}`,
)
for (const [name, { seconds, cpuSeconds }] of best) {
  const speed = Math.round((pageCount * pageSize) / seconds)
  console.log(`  ${name.padEnd(16)} ${seconds.toFixed(2)} s  ${cpuSeconds.toFixed(2)} s of CPU  ${speed} rows/s`)
}
console.log(`  ratio of speeds  ${(direct.seconds / client.seconds).toFixed(2)} (wanted: 0.8)`)
console.log(`  of CPU time      ${(direct.cpuSeconds / client.cpuSeconds).toFixed(2)}`)
console.log(`  by the round     ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`)
