/**
 * How long a commit takes: ours, a bare DuckLake commit, delta-rs and pyiceberg, each appending the same batches, in memory
 * when the clock starts, to a table of its own in a folder. One run, alternating, after one commit each that is not counted; medians,
 * 95th percentiles, and ratios of medians to the bare commit's.
 *
 *   npm run bench -- commits --extensions DIR --python PYTHON [--small-rounds 40] [--large-rounds 20]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { commit } from '../activities/commit.js'
import { applyWrite, type Write } from '../activities/write.js'
import { inLake, quotedLiteral } from '../infra/lake/identifier.js'
import { type Lake, openLake } from '../infra/lake/lake.js'
import { reconcile } from '../infra/lake/reconcile.js'
import { freePort } from '../infra/stack/port.js'
import { startPostgres } from '../infra/stack/postgres.js'
import { ProcessRegistry } from '../infra/stack/process_registry.js'
import { alignedColumns } from '../worker/output.js'
import { startPython } from './commits_python.js'
import { plain, plainRows, plainStage } from './plain_rows.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    python: { type: 'string' },
    'small-rounds': { type: 'string', default: '40' },
    'large-rounds': { type: 'string', default: '20' },
  },
})
const { extensions, python } = values
if (extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')
if (python === undefined) throw new Error('--python PYTHON: one with deltalake, pyiceberg[sql-sqlite] and pyarrow')

const batches = [
  { rows: 100, rounds: Number(values['small-rounds']) },
  { rows: 50_000, rounds: Number(values['large-rounds']) },
]
const columns = Object.keys(plain.columns).join(', ')
const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
await mkdir(path.join(folder, 'batches'))

const write: Write = { table: plain, staged: 'staged', replaces: { kind: 'nothing' } }

/** Milliseconds of BEGIN, INSERT and COMMIT of rows that lie in a temporary table; with `newOnly` only of those whose key is new, as ours are. */
const bare = (lake: Lake, file: string, newOnly: boolean): Promise<number> =>
  lake.session(async (session) => {
    await session.run(`CREATE TEMP TABLE staged AS FROM ${quotedLiteral(file)}`)
    const insert = `INSERT INTO ${inLake(plain.name)} (${columns}) SELECT ${columns} FROM staged`
    const start = performance.now()
    await session.transaction(() => (newOnly ? applyWrite(session, write) : session.run(insert)))
    return performance.now() - start
  })

/** Milliseconds of the whole call but for reading the file. */
const ours = async (lake: Lake, file: string): Promise<number> => {
  let preparing = 0
  const start = performance.now()
  await commit(lake, {
    stage: plainStage,
    key: `bench/${file}`,
    name: 'bench',
    message: file,
    provenance: { pipeline: 'bench', logicalRun: file, attempt: 1, codeVersion: 'bench' },
    prepare: async (session) => {
      const begun = performance.now()
      await session.run(`CREATE TEMP TABLE staged AS FROM ${quotedLiteral(file)}`)
      preparing = performance.now() - begun
      return { writes: [write], inputs: {} }
    },
  })
  return performance.now() - start - preparing
}

const at = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0

const server = await startPostgres({
  folder: path.join(folder, 'postgres'),
  port: await freePort(15_433),
  logFile: path.join(folder, 'postgres.log'),
  registry: new ProcessRegistry(folder),
  log: () => undefined,
})
const openSide = async (side: string): Promise<Lake> => {
  const client = new Client({ ...server.address, password: server.address.password?.reveal() })
  await client.connect()
  await client.query(`CREATE DATABASE ${side}`)
  await client.end()
  const lake = await openLake({
    catalog: { kind: 'postgres', address: { ...server.address, database: side } },
    data: { kind: 'folder', path: path.join(folder, side, 'data') },
    extensionDirectory: extensions,
    temporaryDirectory: path.join(folder, side, 'spill'),
  })
  await reconcile(lake, [plainStage])
  return lake
}

const [bareLake, keyedLake, ourLake] = [await openSide('bare'), await openSide('keyed'), await openSide('ours')]
const writers = startPython(python, path.join(folder, 'python'))
try {
  for (const { rows, rounds } of batches) {
    const name = `rows_${rows}`
    const contestants = {
      'DuckLake, bare': (file: string) => bare(bareLake, file, false),
      'DuckLake, new keys only': (file: string) => bare(keyedLake, file, true),
      Tributary: (file: string) => ours(ourLake, file),
      'delta-rs': (file: string) => writers.commit('delta', name, file),
      pyiceberg: (file: string) => writers.commit('iceberg', name, file),
    }
    const times = new Map(Object.keys(contestants).map((who): [string, number[]] => [who, []]))
    for (let round = 0; round <= rounds; round += 1) {
      const file = path.join(folder, 'batches', `${rows}_${round}.parquet`)
      await bareLake.session((session) =>
        session.run(`COPY (${plainRows(rows, round)}) TO ${quotedLiteral(file)} (FORMAT parquet)`),
      )
      for (const [who, run] of Object.entries(contestants)) {
        const ms = await run(file)
        if (round > 0) times.get(who)?.push(ms)
      }
    }
    const baseline = at(times.get('DuckLake, bare') ?? [], 0.5)
    const table = [...times].map(([who, all]) => ({
      commit: who,
      'median ms': at(all, 0.5).toFixed(1),
      'p95 ms': at(all, 0.95).toFixed(1),
      'fastest ms': at(all, 0).toFixed(1),
      'x bare': (at(all, 0.5) / baseline).toFixed(2),
    }))
    process.stdout.write(`${rows} rows, ${rounds} rounds\n${alignedColumns(table).join('\n')}\n\n`)
  }
} finally {
  await writers.close()
  await bareLake.close()
  await keyedLake.close()
  await ourLake.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
