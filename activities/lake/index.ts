import { usualMaintenance } from '../../schemas/table.js'
import { currentProvenance } from '../provenance.js'
import { type ClusterRequest, clusterTable } from './cluster_table.js'
import type { LakeDependencies } from './dependencies.js'
import { type ExpireRequest, expireSnapshots } from './expire_snapshots.js'
import { type BackfillRequest, planBackfill } from './plan_backfill.js'
import { cleanUpFiles, type RemoveRequest, sweepOrphans } from './remove_files.js'
import { type ReplayRequest, replayRun } from './replay_run.js'
import { flushTable, mergeFiles, rewriteFiles } from './reshape.js'
import { type RollbackRequest, rollBack } from './rollback.js'
import { surveyTables } from './survey_tables.js'
import { updateStatistics } from './update_statistics.js'

interface TableRequest {
  /** `<domain>_<layer>.<table>` */
  readonly table: string
}

/** Everything the lake's own workflows can have done. */
export const createLakeActivities = (dependencies: LakeDependencies) => {
  const { lake, stages } = dependencies
  const policyOf = (name: string) =>
    stages.flatMap(({ tables }) => tables).find((table) => table.name === name)?.maintenance ?? usualMaintenance
  return {
    surveyTables: (request: { readonly flushRows: number }) => surveyTables(lake, stages, request),
    flushTable: ({ table }: TableRequest) => flushTable(lake, table),
    mergeFiles: ({ table }: TableRequest) => mergeFiles(lake, table),
    rewriteFiles: ({ table }: TableRequest) => rewriteFiles(lake, table, policyOf(table).rewriteDeletedShare),
    clusterTable: (request: ClusterRequest) => clusterTable(dependencies, request),
    expireSnapshots: (request: ExpireRequest) => expireSnapshots(lake, request),
    cleanUpFiles: (request: RemoveRequest) => cleanUpFiles(lake, request),
    sweepOrphans: (request: RemoveRequest) => sweepOrphans(lake, request),
    planBackfill: (request: BackfillRequest) => planBackfill(dependencies, request),
    updateStatistics: () => updateStatistics(lake),
    replayRun: (request: ReplayRequest) =>
      replayRun(dependencies, request, currentProvenance('lake', request.asOf, dependencies.codeVersion)),
    rollBack: (request: RollbackRequest) =>
      rollBack(dependencies, request, currentProvenance('lake', request.asOf, dependencies.codeVersion)),
  }
}

export type LakeActivities = ReturnType<typeof createLakeActivities>
