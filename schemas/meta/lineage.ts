import { bigint, nullable, text, timestamp } from '../column.js'
import { defineView } from '../view.js'
import { madeSnapshotId } from './commits.js'
import { datasetRecordsShape, recordsOfCommit } from './dataset_record.js'

/** Read from the receipts, so that no commit writes its origins twice. */
export const lineage = defineView('meta.lineage', {
  grain: 'One row per commit and table it wrote: what the rows were made from, and by what.',
  columns: {
    id: text,
    dataset: text,
    partition: nullable(text),
    /** The range of the source that was read, half-open: ISO 8601 times or integers. */
    source_start: nullable(text),
    source_end: nullable(text),
    /** JSON: the snapshot each input was read at. */
    inputs: text,
    pipeline_version: text,
    processor_name: text,
    checksum: text,
    row_count: bigint,
    commit_key: text,
    snapshot_id: bigint,
    /** Key of the rollback that took the commit back. */
    undone_by: nullable(text),
    created_at: timestamp,
  },
  select: `
    SELECT
      md5(commit_key || '/' || made || '/' || record.dataset) AS id,
      record.dataset AS dataset,
      record.partition AS partition,
      record.source_start AS source_start,
      record.source_end AS source_end,
      inputs,
      code_version AS pipeline_version,
      step AS processor_name,
      record.checksum AS checksum,
      record.row_count AS row_count,
      commit_key,
      made AS snapshot_id,
      undone_by,
      committed_at AS created_at
    FROM (SELECT *, ${madeSnapshotId} AS made, unnest(from_json(${recordsOfCommit}, '${datasetRecordsShape}')) AS record FROM lake.meta.commits)`,
})
