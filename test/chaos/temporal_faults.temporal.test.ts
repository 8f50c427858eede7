import { beforeAll, describe, expect, inject, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { libpqString } from '../../infra/postgres_address.js'
import { provision } from '../../infra/provision/provision.js'
import { scratchDatabase } from '../lake/scratch_lake.js'
import type { LakeContent } from './lake_content.js'
import { calmContent } from './run.js'
import { interruptTemporal, type TemporalOutagesReport } from './temporal_outages.js'
import { killAtWebhook } from './webhook_kills.js'
import { endWorkers } from './worker_kills.js'

const seed = 1
/** Those that the test files share, with a catalog of its own. */
const catalog = async () => ({ LAKE_CATALOG: `postgres:${libpqString((await scratchDatabase()).address)}` })
const servers = async () => ({ TEMPORAL_ADDRESS: inject('temporalAddress'), ...(await catalog()) })

describe.skipIf(process.platform !== 'linux')('a run leaves what it leaves undisturbed', { timeout: 900_000 }, () => {
  let calm: LakeContent
  beforeAll(async () => {
    calm = await calmContent(seed, 0, servers)
    expect(calm).toMatchObject({ repeatedRows: 0, repeatedCommits: 0 })
    expect(calm.swaps).toBeGreaterThan(2_000)
    expect(calm.rankedWallets).toBeGreaterThan(0)
  }, 600_000)

  test('where its workers are killed, stopped and misled about the time; and no file of its home holds a secret', async () => {
    const report = await endWorkers({ seed, kills: 2, signals: ['SIGKILL', 'SIGTERM'], servers, skewed: true })
    expect(report.seconds).toBe(0)
    expect(report.content).toEqual(calm)
    expect(report.filesWithSecrets).toEqual([])
  })

  test.each(['webhook.before_send', 'webhook.sent'] as const)('where its worker dies at %s', async (place) => {
    const { content, deaths, watched } = await killAtWebhook(seed, place, servers)
    expect(deaths).toBe(1)
    expect(content).toEqual(calm)
    expect(watched).toHaveLength(1)
    expect(watched[0]).toHaveLength(Math.min(10, calm.rankedWallets))
  })

  describe('where Temporal', () => {
    let report: TemporalOutagesReport
    beforeAll(async () => {
      const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
      const { path: program } = await provision('temporal-cli', { cacheDir, overrides: tools, log: () => undefined })
      report = await interruptTemporal({ seed, outages: 1, outageMs: 2_000, program, catalog: await catalog() })
    }, 900_000)

    test('is killed, in the middle and at the end', () => {
      expect(report.resumesMs).toHaveLength(1)
      expect(report.content).toEqual(calm)
    })

    test('has no room on its disk for a while', (context) => {
      if (report.disk !== 'filled') return context.skip(report.disk)
      expect(report.content).toEqual(calm)
    })

    test('is set back to an older copy of its database', () => {
      expect(report.contentAfterRestore).toEqual(calm)
      expect(report.snapshotIdAfterRestore).toBe(report.snapshotId)
    })
  })
})
