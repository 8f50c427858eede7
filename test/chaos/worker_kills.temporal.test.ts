import { expect, inject, test } from 'vitest'
import { libpqString } from '../../infra/postgres_address.js'
import { scratchDatabase } from '../lake/scratch_lake.js'
import { endWorkers } from './worker_kills.js'

/** Those that the test files share, with a catalog of its own. */
const servers = async () => ({
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  LAKE_CATALOG: `postgres:${libpqString((await scratchDatabase()).address)}`,
})

test.skipIf(process.platform !== 'linux')(
  'workers that are killed, stopped and misled about the time change nothing of what a run leaves, and show no secret',
  { timeout: 600_000 },
  async () => {
    const report = await endWorkers({ seed: 1, kills: 2, signals: ['SIGKILL', 'SIGTERM'], servers, skewed: true })
    expect(report.disturbed).toEqual(report.calm)
    expect(report.disturbed).toMatchObject({ repeatedRows: 0, repeatedCommits: 0 })
    expect(report.disturbed.swaps).toBeGreaterThan(2_000)
    expect(report.disturbed.rankedWallets).toBeGreaterThan(0)
    expect(report.filesWithSecrets).toEqual([])
  },
)
