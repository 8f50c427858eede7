import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'

const domainKey = defineSearchAttributeKey('Domain', SearchAttributeType.KEYWORD)
const runKindKey = defineSearchAttributeKey('RunKind', SearchAttributeType.KEYWORD)
const snapshotKey = defineSearchAttributeKey('Snapshot', SearchAttributeType.INT)
const qualityStatusKey = defineSearchAttributeKey('QualityStatus', SearchAttributeType.KEYWORD)

/** Makes the run findable by its domain, and by whether a schedule or somebody started it. */
export const describeRun = (domain: string): void => {
  const scheduled = workflowInfo().searchAttributes['TemporalScheduledById'] !== undefined
  upsertSearchAttributes([
    { key: domainKey, value: domain },
    { key: runKindKey, value: scheduled ? 'scheduled' : 'manual' },
  ])
}

/** Makes the run findable by the snapshot it ended with. A run gets here only when no blocking check failed. */
export const describeResult = (snapshotId: number, complete: boolean): void =>
  upsertSearchAttributes([
    { key: snapshotKey, value: snapshotId },
    { key: qualityStatusKey, value: complete ? 'passed' : 'parked' },
  ])
