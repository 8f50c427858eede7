/**
 * FIFO over 10 million trades (20,000 wallets x 20 tokens) against DuckDB's own sort of the same rows, a pandas group loop and a
 * TypeScript loop. Each runs in a process of its own, one after another, round by round; the best of each counts.
 *
 *   node fifo.js [--rows 10000000] [--rounds 3] [--database /tmp/tributary_fifo.duckdb] [--python python3]
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type FifoContestant, fifoContestants } from './fifo_contestants.js'
import type { FifoMeasurement } from './fifo_pandas.js'
import { generateTrades } from './fifo_trades.js'

const option = (name: string, byDefault: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? byDefault : (process.argv[at + 1] ?? byDefault)
}

const rows = Number(option('rows', '10000000'))
const database = option('database', '/tmp/tributary_fifo.duckdb')
const python = option('python', 'python3')

/** In a process of its own, so that its peak memory is its own and nobody's cache helps the next. */
const measure = (name: string): FifoMeasurement | undefined => {
  const arguments_ = [fileURLToPath(import.meta.url), '--measure', name, '--database', database, '--python', python]
  const { status, stdout, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout) as FifoMeasurement
  process.stderr.write(`${name}: ${stderr.trim().split('\n').at(-1)}\n`)
  return undefined
}

const best = (measurements: readonly FifoMeasurement[]): FifoMeasurement | undefined =>
  measurements.toSorted((a, b) => a.seconds - b.seconds)[0]

const compare = async (): Promise<void> => {
  if (!existsSync(database)) await generateTrades(database, rows)
  const results = new Map<string, FifoMeasurement[]>()
  for (let round = 0; round < Number(option('rounds', '3')); round++)
    for (const name of Object.keys(fifoContestants)) {
      const measured = measure(name)
      if (measured !== undefined) results.set(name, [...(results.get(name) ?? []), measured])
    }
  const sort = best(results.get('sort') ?? [])
  console.log(
    `\n${rows.toLocaleString('en')} trades, ${cpus().length} x ${cpus()[0]?.model}, node ${process.version}, 2 threads\n`,
  )
  console.log('| | seconds | CPU seconds | x sort | x sort, CPU | target | peak GiB | rows out |')
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|')
  for (const [name, { title, target }] of Object.entries<FifoContestant>(fifoContestants)) {
    const own = best(results.get(name) ?? [])
    if (own === undefined || sort === undefined) continue
    const ratios = [own.seconds / sort.seconds, own.cpuSeconds / sort.cpuSeconds].map((ratio) => ratio.toFixed(2))
    const figures = [
      own.seconds.toFixed(1),
      own.cpuSeconds.toFixed(1),
      ...ratios,
      target,
      own.peakGib.toFixed(2),
      own.rows,
    ]
    console.log(`| ${[title, ...figures].join(' | ')} |`)
  }
}

const contestant = fifoContestants[option('measure', '') as keyof typeof fifoContestants]
if (contestant === undefined) await compare()
else console.log(JSON.stringify(await contestant.run(database, python)))
