import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { commits, madeSnapshotId } from '../../schemas/meta/commits.js'
import type { Table } from '../../schemas/table.js'

/** The step under which clustering commits: what it wrote is in order, and no row of it is new. */
export const clusterStep = 'cluster'

/** The snapshots of a stage that clustering made. */
export const clusterSnapshots = `SELECT ${madeSnapshotId} AS snapshot_id FROM ${inLake(commits.name)} WHERE step = '${clusterStep}'`

/** The files of one partition of a clustered table; a table that is not partitioned is one partition. */
export interface ClusterPart {
  /** The partition's values, as DuckLake writes them. */
  readonly partition: string
  readonly fileNames: readonly string[]
  readonly bytes: number
  /** The share of rows in files that came after the last clustering. */
  readonly newShare: number
  /** The share of rows that is deleted. */
  readonly deletedShare: number
}

/** How a clustered table's current files lie. */
export const clusterParts = async (session: Session, table: Table): Promise<ClusterPart[]> => {
  const [schema = '', name = ''] = table.name.split('.')
  const rows = await session.all(
    `
    WITH file AS (
      SELECT f.data_file_id, regexp_extract(f.path, '[^/]+$') AS name, f.file_size_bytes AS bytes, f.record_count AS rows, f.begin_snapshot
      FROM __ducklake_metadata_lake.ducklake_data_file AS f
      JOIN __ducklake_metadata_lake.ducklake_table AS t USING (table_id)
      JOIN __ducklake_metadata_lake.ducklake_schema AS s USING (schema_id)
      WHERE f.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL
        AND s.schema_name = $schema AND t.table_name = $name
    ), place AS (
      SELECT data_file_id, string_agg(coalesce(partition_value, 'NULL'), '/' ORDER BY partition_key_index) AS partition
      FROM __ducklake_metadata_lake.ducklake_file_partition_value GROUP BY data_file_id
    ), deleted AS (
      SELECT data_file_id, sum(delete_count) AS deleted_rows
      FROM __ducklake_metadata_lake.ducklake_delete_file WHERE end_snapshot IS NULL GROUP BY data_file_id
    )
    SELECT coalesce(partition, '') AS partition, list(name) AS names, sum(bytes)::BIGINT AS bytes,
      coalesce(sum(rows) FILTER (WHERE begin_snapshot NOT IN (${clusterSnapshots})), 0) / greatest(sum(rows), 1) AS new_share,
      coalesce(sum(deleted_rows), 0) / greatest(sum(rows), 1) AS deleted_share
    FROM file LEFT JOIN place USING (data_file_id) LEFT JOIN deleted USING (data_file_id)
    GROUP BY ALL ORDER BY partition`,
    { schema, name },
  )
  return rows.map((row) => ({
    partition: String(row['partition']),
    fileNames: Array.isArray(row['names']) ? row['names'].map(String) : [],
    bytes: Number(row['bytes']),
    newShare: Number(row['new_share']),
    deletedShare: Number(row['deleted_share']),
  }))
}

/** The parts that the table's policy wants clustered. */
export const partsToCluster = async (session: Session, table: Table): Promise<ClusterPart[]> => {
  if (table.clusteredBy.length === 0) return []
  const { clusterMinBytes, clusterNewShare, rewriteDeletedShare } = table.maintenance
  const parts = await clusterParts(session, table)
  return parts.filter(
    ({ bytes, newShare, deletedShare }) =>
      bytes >= clusterMinBytes && (newShare >= clusterNewShare || deletedShare >= rewriteDeletedShare),
  )
}
