import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'

const domainKey = defineSearchAttributeKey('Domain', SearchAttributeType.KEYWORD)
const runKindKey = defineSearchAttributeKey('RunKind', SearchAttributeType.KEYWORD)
const snapshotKey = defineSearchAttributeKey('Snapshot', SearchAttributeType.INT)
const qualityStatusKey = defineSearchAttributeKey('QualityStatus', SearchAttributeType.KEYWORD)

/** Makes the run findable by its domain, and by whether a schedule, a backfill or somebody started it. */
export const describeRun = (domain: string): void => {
  const { searchAttributes, parent } = workflowInfo()
  const scheduled = searchAttributes['TemporalScheduledById'] !== undefined
  const kind = scheduled ? 'scheduled' : parent === undefined ? 'manual' : 'backfill'
  upsertSearchAttributes([
    { key: domainKey, value: domain },
    { key: runKindKey, value: kind },
  ])
}

/** Makes the run findable by the snapshot it ended with. A run gets here only when no blocking check failed. */
export const describeResult = (snapshotId: number, complete: boolean): void =>
  upsertSearchAttributes([
    { key: snapshotKey, value: snapshotId },
    { key: qualityStatusKey, value: complete ? 'passed' : 'parked' },
  ])
