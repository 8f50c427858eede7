import { type LakeHealth, measureHealth } from '../lake/health.js'
import type { Lake } from '../lake/lake.js'
import { type Finding, finding } from './finding.js'

const dayMs = 86_400_000

/** From here on something is to be done: what readers, commits or the disk then pay is more than maintenance costs. */
const limits = {
  // 1.5 ms each: three quarters of a second for every query that reads the whole table.
  smallFiles: 500,
  deletedShare: 0.5,
  inlinedRows: 100_000,
  // Ten times what maintenance every day leaves at a commit a minute.
  snapshots: 100_000,
  pinDays: 30,
  catalogBytes: 4 * 1024 ** 3,
}

/** Whether the lake wants maintenance, and what to do about it. */
export const inspectLake = async (lake: Lake, now = Date.now()): Promise<Finding[]> =>
  healthFindings(await lake.session(measureHealth), now)

export const healthFindings = (health: LakeHealth, now: number): Finding[] => {
  const { smallFiles, deleted, oldestPinAt } = health
  const days = (time: string) => Math.floor((now - Date.parse(time)) / dayMs)
  const judged = (name: string, value: string, tooMuch: boolean, mend: string, path = '') =>
    finding(name, tooMuch ? 'wrong' : 'ok', { version: value, path, advice: tooMuch ? mend : '' })
  const maintain = 'run npx tributary maintain, and regularly'
  const pinDays = oldestPinAt === undefined ? 0 : days(oldestPinAt)
  return [
    finding('lake files', 'ok', { version: String(health.files), advice: `${health.bytes} bytes` }),
    judged('small files', String(smallFiles.count), smallFiles.count >= limits.smallFiles, maintain, smallFiles.table),
    judged(
      'deleted rows',
      `${(deleted.share * 100).toFixed(0)} %`,
      deleted.share >= limits.deletedShare,
      maintain,
      deleted.table,
    ),
    judged('inlined rows', String(health.inlinedRows), health.inlinedRows >= limits.inlinedRows, maintain),
    judged(
      'snapshots',
      `${health.snapshots}, ${days(health.oldestSnapshotAt)} days`,
      health.snapshots >= limits.snapshots,
      `${maintain}; where it expires too few, keep fewer runs: --input '{"snapshots": {"keepRunsForDays": 7}}'`,
    ),
    judged(
      'oldest pin',
      health.pins === 0 ? 'none' : `${pinDays} days`,
      pinDays >= limits.pinDays,
      'see who holds it and why: npx tributary query "SELECT * FROM meta.pins ORDER BY created_at"',
    ),
    judged(
      'catalog size',
      `${Math.ceil(health.catalogBytes / 1024 ** 2)} MiB`,
      health.catalogBytes >= limits.catalogBytes,
      `${maintain}; then VACUUM FULL of the catalog database gives the space back while nothing runs`,
    ),
  ]
}
