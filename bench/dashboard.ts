/**
 * Milliseconds from a request to the last byte of a page, over HTTP, with a million trades behind it: the first one, the median and
 * 95th percentile of those after it, and the CPU time of the process for each. Needs no market: rows are the tables' examples under
 * keys of their own.
 *
 *   node dashboard.js [--wallets 2000] [--trades 500] [--requests 40]
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { commit } from '../activities/commit.js'
import { publish } from '../activities/publish.js'
import { stage } from '../activities/write.js'
import { loadConfig } from '../infra/config.js'
import type { Lake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { createMetrics } from '../infra/metrics.js'
import { Secret } from '../infra/secret.js'
import type { Table } from '../schemas/table.js'
import { tokenMetrics } from '../schemas/traders/bronze/token_metrics.js'
import { rules } from '../schemas/traders/gold/rules.js'
import { smartWallets } from '../schemas/traders/gold/smart_wallets.js'
import { walletVerdicts } from '../schemas/traders/gold/wallet_verdicts.js'
import { traders } from '../schemas/traders/index.js'
import { lotMatches } from '../schemas/traders/silver/lot_matches.js'
import { trades } from '../schemas/traders/silver/trades.js'
import { walletPnl } from '../schemas/traders/silver/wallet_pnl.js'
import { createApi } from '../worker/api/api.js'
import { whatIsDefined } from '../worker/domains.js'
import { writeLake } from '../worker/lake_command.js'

const { values } = parseArgs({
  options: {
    wallets: { type: 'string', default: '2000' },
    trades: { type: 'string', default: '500' },
    requests: { type: 'string', default: '40' },
  },
})
const wallets = Number(values.wallets)
const each = Number(values.trades)
const requests = Number(values.requests)
const tokens = 200
const asOf = '2026-11-21T06:00:00.000Z'
const provenance = { pipeline: 'traders', logicalRun: asOf, attempt: 1, codeVersion: 'bench' }

const wallet = (of: string) => `'wallet' || lpad((${of})::VARCHAR, 8, '0')`
const token = (of: string) => `'token' || lpad(((${of}) % ${tokens})::VARCHAR, 8, '0')`
const perTrade = `i // ${each}`
/** Of each table: how many rows, and what differs from its example in the row numbered `i`. */
const contents: readonly (readonly [Table, number, Readonly<Record<string, string>>])[] = [
  [tokenMetrics, tokens, { token_address: token('i'), selection_rank: '(i + 1)::INTEGER', symbol: `'T' || i` }],
  [
    trades,
    wallets * each,
    {
      wallet_address: wallet(perTrade),
      token_address: token('i'),
      sequence: `(i % ${each})::INTEGER`,
      tx_hash: `sha256('tx' || i)`,
      block_time: `TIMESTAMPTZ '2026-08-23' + to_seconds((i % ${each}) * 15000)`,
      side: `if(i % 2 = 0, 'buy', 'sell')`,
    },
  ],
  [
    lotMatches,
    (wallets * each) / 2,
    {
      wallet_address: wallet(`i // ${each / 2}`),
      token_address: token('i'),
      buy_sequence: `(2 * (i % ${each / 2}))::INTEGER`,
      sell_sequence: `(2 * (i % ${each / 2}) + 1)::INTEGER`,
      sold_at: `TIMESTAMPTZ '2026-08-23' + to_seconds((i % ${each / 2}) * 30000)`,
    },
  ],
  [
    walletPnl,
    wallets * 40 * 4,
    {
      wallet_address: wallet('i // 160'),
      token_address: `if(i // 4 % 40 = 0, 'ALL_TOKENS', ${token('i // 4 % 40')})`,
      timeframe: `['all', 'quarter', 'month', 'week'][1 + i % 4]`,
    },
  ],
  [
    walletVerdicts,
    wallets * rules.length,
    {
      wallet_address: wallet(`i // ${rules.length}`),
      rule: `[${rules.map(({ name }) => `'${name}'`).join(', ')}][1 + i % ${rules.length}]`,
    },
  ],
  [smartWallets, wallets / 2, { wallet_address: wallet('i'), rank: '(i + 1)::INTEGER' }],
]

const fill = async (lake: Lake): Promise<void> => {
  await reconcile(lake, whatIsDefined().stages)
  let snapshotId = 0
  for (const owner of traders.stages) {
    const own = contents.filter(([{ schema }]) => schema === owner.name)
    if (own.length === 0) continue
    const receipt = await commit(lake, {
      stage: owner,
      key: `bench/${owner.name}`,
      name: 'fill',
      message: 'rows like the examples',
      provenance,
      prepare: async (session) => {
        const writes = []
        for (const [table, count, columns] of own) {
          const example = await stage(session, table, [table.example])
          const name = `"many ${table.name}"`
          const replaced = Object.entries(columns).map(([column, sql]) => `${sql} AS ${column}`)
          await session.run(
            `CREATE TEMP TABLE ${name} AS SELECT * EXCLUDE (i) REPLACE (${replaced.join(', ')}) FROM ${example}, range(${count}) AS n(i)`,
          )
          writes.push({ table: { ...table, checks: {} }, staged: name, replaces: { kind: 'nothing' } as const })
        }
        return { writes, inputs: {} }
      },
    })
    snapshotId = receipt.snapshotId
  }
  await publish(lake, 'bench', traders, { asOf, snapshotId }, provenance)
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

const home = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
const config = loadConfig({ ...process.env, TRIBUTARY_HOME: home, LAKE_CATALOG: '', LAKE_DATA: '' })
try {
  await writeLake(config, console.error, async (lake) => {
    await fill(lake)
    const api = createApi({
      config,
      lake,
      temporal: undefined,
      token: new Secret('the-token-of-this-bench'),
      metrics: createMetrics(),
      codeVersion: 'bench',
      log: console.error,
    })
    const server = createAdaptorServer({ fetch: api.fetch })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const timed = async (route: string): Promise<number> => {
      const begin = performance.now()
      const reply = await fetch(`http://127.0.0.1:${port}${route}`)
      const text = await reply.text()
      if (reply.status !== 200) throw new Error(`${route}: ${reply.status} ${text.slice(0, 300)}`)
      return performance.now() - begin
    }
    const spread = (index: number) => `wallet${String((index * 37) % wallets).padStart(8, '0')}`
    const routes: Readonly<Record<string, (index: number) => string>> = {
      'leaderboard /': (index) => `/?page=${1 + (index % 10)}`,
      'wallet /wallets/…': (index) => `/wallets/${spread(index)}`,
      'tokens /tokens': (index) => `/tokens?page=${1 + (index % 4)}`,
      'runs /runs': () => '/runs',
      'data /data': () => '/data',
      'API /api/v1/wallets/…/trades': (index) => `/api/v1/wallets/${spread(index)}/trades?limit=100`,
    }
    console.log(`${wallets * each} trades; first, median, 95th percentile and CPU time of ${requests} requests, in ms`)
    for (const [name, route] of Object.entries(routes)) {
      const first = await timed(route(0))
      const times: number[] = []
      const before = process.cpuUsage()
      for (let index = 1; index <= requests; index += 1) times.push(await timed(route(index)))
      const { user, system } = process.cpuUsage(before)
      const cpu = (user + system) / 1000 / requests
      times.sort((one, other) => one - other)
      const [median, high] = [quantile(times, 0.5), quantile(times, 0.95)]
      console.log(`| ${name} | ${first.toFixed(0)} | ${median.toFixed(0)} | ${high.toFixed(0)} | ${cpu.toFixed(0)} |`)
    }
    server.close()
  })
} finally {
  await rm(home, { recursive: true, force: true })
}
process.exit()
