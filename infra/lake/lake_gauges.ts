import { Gauge, Registry } from 'prom-client'
import { measureHealth } from './health.js'
import type { Lake } from './lake.js'
import type { Session } from './session.js'
import { measureTables, type TableFiles } from './table_files.js'

/** Scrapes within this time share one look at the catalog: several Prometheus servers cost no more than one. */
const freshMs = 15_000

/** What of each table is shown. Labels are tables of the definitions. */
const ofTable = {
  tributary_table_rows: ['Rows that a reader sees', ({ rows, deletedRows }) => rows - deletedRows],
  tributary_table_files: ['Current data files', ({ files }) => files],
  tributary_table_bytes: ['Bytes of the current data files', ({ bytes }) => bytes],
  tributary_table_small_files: ['Data files below 8 MiB, which maintenance merges', ({ smallFiles }) => smallFiles],
  tributary_table_deleted_ratio: [
    'Share of the rows in files that are deleted',
    ({ rows, deletedRows }) => deletedRows / Math.max(rows, 1),
  ],
  tributary_table_inlined_rows: ['Rows kept in the catalog instead of a file', ({ inlinedRows }) => inlinedRows],
} as const satisfies Record<string, readonly [help: string, of: (table: TableFiles) => number]>

const ofLake = {
  tributary_lake_up: 'Whether the catalog answered',
  tributary_lake_snapshots: 'Snapshots that have not expired',
  tributary_lake_oldest_snapshot_timestamp_seconds: 'When the oldest snapshot was made',
  tributary_lake_newest_snapshot_timestamp_seconds: 'When the newest snapshot was made',
  tributary_lake_pins: 'Snapshots that are pinned',
  tributary_lake_oldest_pin_timestamp_seconds: 'When the oldest pin that holds was taken; absent without pins',
  tributary_lake_files_to_clean_up: 'Files that the next clean-up may delete',
  tributary_lake_refused_attempts: 'Attempts that a blocking check refused, ever',
  tributary_catalog_bytes: 'Size of the catalog database',
} as const

const lastCommitName = 'tributary_step_last_commit_timestamp_seconds'

/** Every metric that is made here, for who looks for them by name. */
export const lakeMetricNames: readonly string[] = [...Object.keys(ofTable), ...Object.keys(ofLake), lastCommitName]

export interface LakeGauges {
  /** In Prometheus' text format, at most 15 s old. A catalog that is away is a metric, not an error. */
  text(): Promise<string>
}

/** What the lake itself tells, whichever process wrote it: read from the catalog, no data file is opened. */
export const createLakeGauges = (lake: Lake, now: () => number = Date.now): LakeGauges => {
  let readAt = Number.NEGATIVE_INFINITY
  let last: Promise<string> | undefined
  return {
    text: () => {
      if (last === undefined || now() - readAt >= freshMs) {
        readAt = now()
        last = lake.session(read).catch(() => away())
      }
      return last
    },
  }
}

const away = (): Promise<string> => {
  const registry = new Registry()
  lakeGauge(registry, 'tributary_lake_up').set(0)
  return registry.metrics()
}

const read = async (session: Session): Promise<string> => {
  const registry = new Registry()
  const tables = await measureTables(session)
  for (const [name, [help, of]] of Object.entries(ofTable)) {
    const gauge = new Gauge({ name, help, labelNames: ['table'], registers: [registry] })
    for (const table of tables) gauge.set({ table: table.table }, of(table))
  }
  const health = await measureHealth(session)
  const seconds = (time: string) => Date.parse(time) / 1000
  const { refusals } = await session.one('SELECT count(*) AS refusals FROM lake.meta.refusals')
  const values: Partial<Record<keyof typeof ofLake, number>> = {
    tributary_lake_up: 1,
    tributary_lake_snapshots: health.snapshots,
    tributary_lake_oldest_snapshot_timestamp_seconds: seconds(health.oldestSnapshotAt),
    tributary_lake_newest_snapshot_timestamp_seconds: seconds(health.newestSnapshotAt),
    tributary_lake_pins: health.pins,
    ...(health.oldestPinAt === undefined
      ? {}
      : { tributary_lake_oldest_pin_timestamp_seconds: seconds(health.oldestPinAt) }),
    tributary_lake_files_to_clean_up: health.filesToCleanUp,
    tributary_lake_refused_attempts: Number(refusals),
    tributary_catalog_bytes: health.catalogBytes,
  }
  for (const name of Object.keys(ofLake).filter(isLakeGauge)) {
    const value = values[name]
    if (value !== undefined) lakeGauge(registry, name).set(value)
  }
  const lastCommit = new Gauge({
    name: lastCommitName,
    help: 'When the newest commit of a step was made; how far it lags is the time since',
    labelNames: ['stage', 'step'],
    registers: [registry],
  })
  const commits = await session.all(
    `SELECT stage, step, max(epoch(committed_at)) AS at FROM lake.meta.commits WHERE undone_by IS NULL GROUP BY ALL`,
  )
  for (const { stage, step, at } of commits) lastCommit.set({ stage: String(stage), step: String(step) }, Number(at))
  return registry.metrics()
}

const isLakeGauge = (name: string): name is keyof typeof ofLake => name in ofLake

const lakeGauge = (registry: Registry, name: keyof typeof ofLake): Gauge =>
  new Gauge({ name, help: ofLake[name], registers: [registry] })
