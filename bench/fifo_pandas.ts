import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/** Every hundredth wallet is enough: the loop's time grows with its rows. Reading the file is not counted. */
const sample = 100

const script = `
import json, resource, sys, time
from collections import deque
import pandas as pd
trades = pd.read_csv(sys.argv[1])
start, cpu = time.perf_counter(), time.process_time()
trades = trades.sort_values(["wallet_address", "token_address", "block_time", "block_number", "tx_hash", "ins_index", "inner_ins_index"])
realized = []
for _, group in trades.groupby(["wallet_address", "token_address"], sort=False):
    lots = deque()
    for row in group.itertuples(index=False):
        price = row.value_usd / row.quantity_raw
        if row.side == "buy":
            lots.append([row.quantity_raw, price])
            continue
        left, pnl = row.quantity_raw, 0.0
        while left > 0 and lots:
            taken = min(left, lots[0][0])
            pnl += taken * (price - lots[0][1])
            lots[0][0] -= taken
            left -= taken
            if lots[0][0] == 0:
                lots.popleft()
        if left < row.quantity_raw:
            realized.append(pnl)
print(json.dumps({"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - cpu,
  "peakGib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "rows": len(realized)}))
`

export interface FifoMeasurement {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakGib: number
  readonly rows: number
}

export const pandasLoop = async (database: string, python: string): Promise<FifoMeasurement> => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary_fifo_'))
  const file = join(folder, 'trades.csv')
  const connection = await (await DuckDBInstance.create(database, { threads: '2', access_mode: 'READ_ONLY' })).connect()
  await connection.run(`COPY (FROM trades WHERE hash(wallet_address) % ${sample} = 0) TO '${file}' (HEADER)`)
  const [counts] = (
    await connection.runAndReadAll(
      `SELECT count(*) / count(*) FILTER (hash(wallet_address) % ${sample} = 0) FROM trades`,
    )
  ).getRows()
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, file], { encoding: 'utf8' })
  await rm(folder, { recursive: true })
  if (status !== 0) throw new Error(`pandas: ${stderr}`)
  const factor = Number(counts?.[0])
  const measured = JSON.parse(stdout) as FifoMeasurement
  return {
    ...measured,
    seconds: measured.seconds * factor,
    cpuSeconds: measured.cpuSeconds * factor,
    rows: Math.round(measured.rows * factor),
  }
}
