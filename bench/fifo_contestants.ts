import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { pieces, positions } from '../schemas/traders/silver/fifo.js'
import { lotMatches } from '../schemas/traders/silver/lot_matches.js'
import { tradeOrder } from '../schemas/traders/silver/trades.js'
import { type FifoMeasurement, pandasLoop } from './fifo_pandas.js'
import { typescriptLoop } from './fifo_typescript.js'

export interface FifoContestant {
  readonly title: string
  /** Times the sort, of the issue. */
  readonly target: string
  readonly run: (database: string, python: string) => Promise<FifoMeasurement>
}

/** Peak of this process, children excluded. */
const peakGib = (): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 2 ** 20

/** Times `work` on the trades, on a connection with 2 threads and 2.5 GB. `work` answers the number of rows it made. */
const timed =
  (work: (connection: DuckDBConnection) => Promise<number>) =>
  async (database: string): Promise<FifoMeasurement> => {
    const spill = await mkdtemp(join(tmpdir(), 'tributary_fifo_'))
    const options = { threads: '2', memory_limit: '2500MB', temp_directory: spill, access_mode: 'READ_ONLY' }
    const connection = await (await DuckDBInstance.create(database, options)).connect()
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    const rows = await work(connection)
    const [seconds, used] = [(performance.now() - start) / 1000, process.cpuUsage(cpu)]
    await rm(spill, { recursive: true })
    return { seconds, cpuSeconds: (used.user + used.system) / 1e6, peakGib: peakGib(), rows }
  }

const create = async (connection: DuckDBConnection, name: string, select: string): Promise<number> => {
  const result = await connection.runAndReadAll(`CREATE TEMP TABLE ${name} AS ${select}`)
  return Number(result.getRows()[0]?.[0])
}

/** As silver numbers and orders trades, in one step: the generated rows have no sequence yet. */
const numbered = (columns: string): string => `
WITH pairs AS (
  SELECT wallet_address, token_address, CAST(row_number() OVER () AS INTEGER) AS pair
  FROM (SELECT DISTINCT wallet_address, token_address FROM trades)
)
SELECT pair, CAST(row_number() OVER (PARTITION BY pair ORDER BY ${tradeOrder}) AS INTEGER) AS sequence, ${columns}
FROM trades JOIN pairs USING (wallet_address, token_address)`

const everyColumn =
  'wallet_address, token_address, tx_hash, ins_index, inner_ins_index, block_time, side, quantity_raw, value_usd'

const makePieces = async (connection: DuckDBConnection, columns: string): Promise<void> => {
  await create(connection, 'numbered', numbered(columns))
  await create(connection, 'positions', positions.derive.select({ trades: 'numbered' }))
  await create(connection, 'pieces', pieces.derive.select({ positions: 'positions' }))
  await connection.run('DROP TABLE positions')
}

const narrow = 'wallet_address, token_address, block_time, side, quantity_raw, value_usd'

export const fifoContestants = {
  sort: {
    title: 'sort by wallet, token, time: the rows',
    target: '1',
    run: timed((connection) =>
      create(connection, 'sorted', 'FROM trades ORDER BY wallet_address, token_address, block_time'),
    ),
  },
  narrow_sort: {
    title: 'the same without the columns that order trades of one second',
    target: '',
    run: timed((connection) =>
      create(connection, 'sorted', `SELECT ${narrow} FROM trades ORDER BY wallet_address, token_address, block_time`),
    ),
  },
  pnl: {
    title: 'FIFO to realized PnL per sale',
    target: '<= 4',
    run: timed(async (connection) => {
      await makePieces(connection, 'side, quantity_raw, value_usd')
      return create(
        connection,
        'realized',
        'SELECT pair, sale, sum(proceeds_usd) - sum(cost_usd) AS pnl_usd FROM pieces GROUP BY ALL',
      )
    }),
  },
  matches: {
    title: 'FIFO with every lot match written',
    target: '<= 8',
    run: timed(async (connection) => {
      await makePieces(connection, everyColumn)
      return create(connection, 'matches', lotMatches.derive?.select({ trades: 'numbered', pieces: 'pieces' }) ?? '')
    }),
  },
  typescript: { title: 'TypeScript loop over rows read in order', target: '> FIFO', run: timed(typescriptLoop) },
  pandas: { title: 'pandas group loop (1 % of the wallets x 100)', target: '>= 10 x FIFO', run: pandasLoop },
} satisfies Record<string, FifoContestant>
