import { expect, test } from 'vitest'
import { healthFindings } from '../../infra/doctor/lake.js'
import type { LakeHealth } from '../../infra/lake/health.js'

const now = Date.parse('2026-11-21T06:00:00Z')
const healthy: LakeHealth = {
  files: 40,
  bytes: 80_000_000,
  smallFiles: { table: 'traders_bronze.token_metrics', count: 9 },
  deleted: { table: 'traders_silver.trades', share: 0.1 },
  inlinedRows: 900,
  snapshots: 300,
  oldestSnapshotAt: '2026-11-01T06:00:00Z',
  newestSnapshotAt: '2026-11-21T05:59:00Z',
  pins: 1,
  oldestPinAt: '2026-11-20T06:00:00Z',
  filesToCleanUp: 3,
  catalogBytes: 20_000_000,
}
const wrong = (health: Partial<LakeHealth>) =>
  healthFindings({ ...healthy, ...health }, now).filter(({ status }) => status !== 'ok')

test('a maintained lake has nothing to be done about', () => {
  expect(wrong({})).toEqual([])
})

test.each([
  ['small files', { smallFiles: { table: 'traders_silver.trades', count: 500 } }, /tributary maintain/],
  ['deleted rows', { deleted: { table: 'traders_silver.trades', share: 0.5 } }, /tributary maintain/],
  ['inlined rows', { inlinedRows: 100_000 }, /tributary maintain/],
  ['snapshots', { snapshots: 100_000 }, /keepRunsForDays/],
  ['oldest pin', { oldestPinAt: '2026-10-01T06:00:00Z' }, /meta\.pins/],
  ['catalog size', { catalogBytes: 5 * 1024 ** 3 }, /VACUUM FULL/],
] as const)('too much of %s is named, with what to do', (name, health, advice) => {
  expect(wrong(health)).toMatchObject([{ name, status: 'wrong', advice: expect.stringMatching(advice) }])
})
