import { pins } from '../../schemas/meta/pins.js'
import { inLake } from './identifier.js'
import type { Session } from './session.js'
import { catalogKind, measureTables, type TableFiles } from './table_files.js'

/** What tells whether the lake wants maintenance. Times are ISO 8601, in UTC. */
export interface LakeHealth {
  readonly files: number
  readonly bytes: number
  /** The table with the most small files. */
  readonly smallFiles: { readonly table: string; readonly count: number }
  /** The table with the largest share of deleted rows. */
  readonly deleted: { readonly table: string; readonly share: number }
  readonly inlinedRows: number
  readonly snapshots: number
  readonly oldestSnapshotAt: string
  readonly newestSnapshotAt: string
  readonly pins: number
  /** When the oldest pin that still holds was taken. */
  readonly oldestPinAt: string | undefined
  /** What nothing needs and the next clean-up may delete, once it is old enough. */
  readonly filesToCleanUp: number
  readonly catalogBytes: number
}

/** Looks at the catalog alone: no data file is opened, so it is as quick on a large lake. */
export const measureHealth = async (session: Session): Promise<LakeHealth> => {
  const tables = await measureTables(session)
  const sum = (of: (each: TableFiles) => number) => tables.reduce((total, each) => total + of(each), 0)
  const share = ({ deletedRows, rows }: TableFiles) => deletedRows / Math.max(rows, 1)
  const most = (of: (each: TableFiles) => number) => tables.toSorted((one, other) => of(other) - of(one))[0]
  const smallest = most(({ smallFiles }) => smallFiles)
  const mostDeleted = most(share)
  const iso = (column: string) => `strftime(${column}, '%Y-%m-%dT%H:%M:%SZ')`
  const row = await session.one(`
    SELECT
      (SELECT count(*) FROM lake.snapshots()) AS snapshots,
      (SELECT ${iso('min(snapshot_time)')} FROM lake.snapshots()) AS oldest_snapshot,
      (SELECT ${iso('max(snapshot_time)')} FROM lake.snapshots()) AS newest_snapshot,
      (SELECT count(*) FROM ${inLake(pins.name)} WHERE expires_at >= now()) AS pins,
      (SELECT ${iso('min(created_at)')} FROM ${inLake(pins.name)} WHERE expires_at >= now()) AS oldest_pin,
      (SELECT count(*) FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion) AS files_to_clean_up`)
  return {
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    smallFiles: { table: smallest?.table ?? '', count: smallest?.smallFiles ?? 0 },
    deleted: { table: mostDeleted?.table ?? '', share: mostDeleted === undefined ? 0 : share(mostDeleted) },
    inlinedRows: sum(({ inlinedRows }) => inlinedRows),
    snapshots: Number(row['snapshots']),
    oldestSnapshotAt: String(row['oldest_snapshot']),
    newestSnapshotAt: String(row['newest_snapshot']),
    pins: Number(row['pins']),
    oldestPinAt: row['oldest_pin'] === null ? undefined : String(row['oldest_pin']),
    filesToCleanUp: Number(row['files_to_clean_up']),
    catalogBytes: await catalogBytes(session),
  }
}

const catalogBytes = async (session: Session): Promise<number> => {
  const sql =
    (await catalogKind(session)) === 'postgres'
      ? `FROM postgres_query('__ducklake_metadata_lake', 'SELECT pg_database_size(current_database()) AS bytes')`
      : `SELECT total_blocks * block_size AS bytes FROM pragma_database_size() WHERE database_name = '__ducklake_metadata_lake'`
  return Number((await session.one(sql))['bytes'])
}
