/**
 * What the commit protocol costs: fence, marker, checks, receipt, lineage, quality and message, against a bare DuckLake commit of the
 * same rows into a table of the same shape. One process, one lake, alternating; medians and their ratio.
 *
 *   npm run bench -- overhead --extensions DIR [--catalog postgres|file] [--rounds 25]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { commit } from '../activities/commit.js'
import { applyWrite } from '../activities/write.js'
import { type Lake, type LakeOptions, openLake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import type { Session } from '../infra/lake/session.js'
import { freePort } from '../infra/stack/port.js'
import { startPostgres } from '../infra/stack/postgres.js'
import { ProcessRegistry } from '../infra/stack/process_registry.js'
import type { Stage, Table } from '../schemas/table.js'
import { tradersBronze } from '../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../schemas/traders/bronze/transaction_history.js'
import { alignedColumns } from '../worker/output.js'
import { plain, plainRows, plainStage } from './plain_rows.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    catalog: { type: 'string', default: 'postgres' },
    rounds: { type: 'string', default: '25' },
  },
})
if (values.extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')

const swaps = (rows: number, round: number): string => `
  SELECT 'wallet' || (i % 25) AS wallet_address, md5(i::VARCHAR || '/${round}') AS tx_hash, 3 AS ins_index, -1 AS inner_ins_index,
    false AS ins_index_is_fallback, TIMESTAMPTZ '2026-11-21 06:00:00+00' - to_seconds(i) AS block_time, (300000000 + i)::BIGINT AS block_number,
    'base' || (i % 50) AS base_address, 'symbol' || (i % 50) AS base_symbol, 6 AS base_decimals, (i * 1000003)::DECIMAL(38,0) AS base_change_raw,
    random() AS base_price_usd, 'quote' AS quote_address, 'USDC' AS quote_symbol, 6 AS quote_decimals, (-i * 99991)::DECIMAL(38,0) AS quote_change_raw,
    1.0::DOUBLE AS quote_price_usd, random() * 1000 AS volume_usd, 'raydium' AS source, 'pool' || (i % 60) AS pool_address, 'program' AS program_id
  FROM range(1, ${rows + 1}) AS r(i)`

interface Subject {
  readonly stage: Stage
  readonly table: Table
  readonly select: (rows: number, round: number) => string
}
const subjects: readonly Subject[] = [
  { stage: plainStage, table: plain, select: plainRows },
  { stage: tradersBronze, table: transactionHistory, select: swaps },
]

const stageSelected = async (session: Session, { table, select }: Subject, rows: number, round: number) => {
  await session.run(`CREATE OR REPLACE TEMP TABLE staged AS ${select(rows, round)}`)
  return { table, staged: 'staged', replaces: { kind: 'nothing' } } as const
}

/** Milliseconds of the same INSERT and a COMMIT, and nothing else. */
const bare = (lake: Lake, subject: Subject, rows: number, round: number): Promise<number> =>
  lake.session(async (session) => {
    const write = await stageSelected(session, subject, rows, round)
    const start = performance.now()
    await session.transaction(() => applyWrite(session, write))
    return performance.now() - start
  })

/** Milliseconds of the whole call but for the preparation, which is the step's own work. */
const ours = async (lake: Lake, subject: Subject, rows: number, round: number): Promise<number> => {
  let preparing = 0
  const start = performance.now()
  await commit(lake, {
    stage: subject.stage,
    key: `bench/${subject.table.name}/${rows}/${round}`,
    name: 'bench',
    message: `${rows} rows`,
    provenance: { pipeline: 'bench', logicalRun: String(round), attempt: 1, codeVersion: 'bench' },
    prepare: async (session) => {
      const begun = performance.now()
      const write = await stageSelected(session, subject, rows, round)
      preparing = performance.now() - begun
      return { writes: [write], inputs: {} }
    },
  })
  return performance.now() - start - preparing
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
const stages = subjects.map(({ stage }) => stage)

/** A lake of its own for each side, so that neither meets the other's snapshots. */
const openSide = async (side: string, catalog: LakeOptions['catalog'], extensionDirectory: string): Promise<Lake> => {
  const lake = await openLake({
    catalog,
    data: { kind: 'folder', path: path.join(folder, side, 'data') },
    extensionDirectory,
    temporaryDirectory: path.join(folder, side, 'spill'),
  })
  await reconcile(lake, stages)
  return lake
}

const measure = async (catalogOf: (side: string) => Promise<LakeOptions['catalog']>, extensionDirectory: string) => {
  const bareLake = await openSide('bare', await catalogOf('bare'), extensionDirectory)
  const ourLake = await openSide('ours', await catalogOf('ours'), extensionDirectory)
  const table = []
  let round = 0
  for (const subject of subjects) {
    for (const rows of [100, 50_000]) {
      const times: { bare: number[]; ours: number[] } = { bare: [], ours: [] }
      for (let turn = 0; turn < Number(values.rounds); turn += 1) {
        round += 1
        times.bare.push(await bare(bareLake, subject, rows, round))
        times.ours.push(await ours(ourLake, subject, rows, round))
      }
      const [bareMs, oursMs] = [median(times.bare), median(times.ours)]
      table.push({
        table: subject.table.name,
        rows: String(rows),
        'bare ms': bareMs.toFixed(1),
        'commit ms': oursMs.toFixed(1),
        ratio: (oursMs / bareMs).toFixed(2),
        'of the fastest': (Math.min(...times.ours) / Math.min(...times.bare)).toFixed(2),
      })
    }
  }
  const files = await ourLake.session((session) =>
    session.all(`
      SELECT table_name, file_count FROM ducklake_table_info('lake')
      WHERE table_name IN ('_fence', 'commits', 'refusals') AND file_count > 0`),
  )
  await bareLake.close()
  await ourLake.close()
  process.stdout.write(`${values.catalog} catalog\n${alignedColumns(table).join('\n')}\n`)
  process.stdout.write(`data files of fences and metadata: ${files.length}\n`)
}

const registry = new ProcessRegistry(folder)
const logFile = path.join(folder, 'postgres.log')
if (values.catalog === 'file') {
  await measure(
    async (side) => ({ kind: 'file', path: path.join(folder, side, 'catalog.ducklake') }),
    values.extensions,
  )
} else {
  const port = await freePort(15_433)
  const server = await startPostgres({
    folder: path.join(folder, 'postgres'),
    port,
    logFile,
    registry,
    log: () => undefined,
  })
  const { parameters: _, ...login } = server.address
  const client = new Client({ ...login, password: server.address.password?.reveal() })
  await client.connect()
  const database = async (side: string) => {
    await client.query(`CREATE DATABASE ${side}`)
    return { kind: 'postgres', address: { ...server.address, database: side } } as const
  }
  await measure(database, values.extensions)
  await client.end()
  await server.stop()
}
await rm(folder, { recursive: true, force: true })
