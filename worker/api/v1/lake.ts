import { z } from 'zod'
import { measureHealth } from '../../../infra/lake/health.js'
import { linksOf, tablesAbove, tablesBelow } from '../../../infra/lineage/graph.js'
import type { Table } from '../../../schemas/table.js'
import { domains } from '../../domains.js'
import { tablesOf, withLineage } from '../../readings/lineage_graph.js'
import { readLatestQuality, readQualityHistory } from '../../readings/quality.js'
import { readSnapshots } from '../../readings/snapshots.js'
import { readChanges } from '../../readings/table_changes.js'
import { readTables } from '../../readings/tables.js'
import { notFound } from '../problem.js'
import { digits, moment } from './json_row.js'
import { defineResource, limit, list, type Resource } from './resource.js'

const defined = domains.map(({ domain }) => domain)
const table = { table: z.string().min(1).max(128).describe('`schema.table`') }
const snapshotName = z.string().min(1).describe('a snapshot’s number, or a time')

const tableNamed = (name: string): Table => {
  const found = tablesOf(defined).find((each) => each.name === name)
  if (found === undefined) throw notFound(`there is no table "${name}"; /api/v1/tables lists them`)
  return found
}

const snapshots = defineResource({
  path: '/snapshots',
  summary: 'The newest snapshots: when, who, which step of which run, and the rows it wrote',
  query: { table: table.table.optional(), ...limit },
  answer: list(
    z.object({
      snapshot_id: digits,
      snapshot_time: moment,
      author: z.string().nullable(),
      message: z.string().nullable(),
      step: z.string().nullable(),
      logical_run: z.string().nullable(),
      workflow_id: z.string().nullable(),
      undone_by: z.string().nullable(),
      rows: z.record(z.string(), z.int()),
    }),
  ),
  read: async ({ session, moment: { snapshotId } }, { query }) => {
    if (query.table !== undefined) tableNamed(query.table)
    const { table: name, limit: most } = query
    return {
      items: await readSnapshots(session, {
        limit: most,
        upTo: snapshotId,
        ...(name === undefined ? {} : { table: name }),
      }),
    }
  },
})

const tables = defineResource({
  path: '/tables',
  summary: 'Every table that is defined, with its rows then, and its files now',
  answer: list(
    z.object({
      table: z.string(),
      dataset: z.string(),
      version: z.string().nullable(),
      rows: z.int(),
      files: z.int(),
      bytes: z.int(),
      key: z.string(),
      grain: z.string(),
    }),
  ),
  read: async (view) => ({ items: await readTables(view.session, defined, view.stored) }),
})

const values = z.record(z.string(), z.unknown())

const changes = defineResource({
  path: '/tables/{table}/diff',
  summary: 'How a table differs between two snapshots: counts, columns, and the first rows that differ',
  parameters: table,
  query: { from: snapshotName, to: snapshotName.optional(), ...limit },
  answer: {
    table: z.string(),
    from: z.int(),
    to: z.int(),
    added: z.int(),
    removed: z.int(),
    changed: z.int(),
    columns: z.record(z.string(), z.int()),
    rows: z.array(
      z.object({
        change: z.enum(['added', 'removed', 'changed']),
        key: values,
        before: values.nullable(),
        after: values.nullable(),
      }),
    ),
  },
  read: async ({ session }, { parameters, query }) => {
    const { rows, ...counts } = await readChanges(session, tableNamed(parameters.table), query)
    return { ...counts, rows: rows.map(({ before = null, after = null, ...row }) => ({ ...row, before, after })) }
  },
})

const lineage = defineResource({
  path: '/tables/{table}/lineage',
  summary: 'What a table and each of its columns come from, and what is derived from it',
  parameters: table,
  answer: {
    table: z.string(),
    source: z.array(z.string()),
    upstream: z.array(z.string()),
    downstream: z.array(z.string()),
    columns: z.record(
      z.string(),
      z.array(z.object({ table: z.string(), column: z.string(), how: z.enum(['copied', 'computed', 'influences']) })),
    ),
  },
  read: async (_, { parameters }) => {
    const { name, source, columns } = tableNamed(parameters.table)
    return withLineage(defined, (all) => ({
      table: name,
      source,
      upstream: tablesAbove(all, name).map((each) => each.name),
      downstream: tablesBelow(all, name).map((each) => each.name),
      columns: Object.fromEntries(
        Object.keys(columns).map((column) => [column, linksOf(all.of(name)?.columns.get(column) ?? new Map())]),
      ),
    }))
  },
})

const verdict = z.object({
  dataset: z.string(),
  check_name: z.string(),
  check_type: z.string(),
  severity: z.string(),
  passed: z.boolean(),
  refused: z.boolean(),
  offending_count: digits,
  row_count: digits,
  partition: z.string().nullable(),
  details: z.string().nullable(),
  null_anomalies: z.string().nullable(),
  commit_key: z.string(),
  created_at: moment,
})
const quality = defineResource({
  path: '/quality',
  summary: 'The newest verdict of each check, what did not hold first',
  query: { table: table.table.optional() },
  answer: list(verdict.extend({ commits: digits, failed_commits: digits })),
  read: async (view, { query }) => ({ items: await readLatestQuality(view, query) }),
})

const qualityHistory = defineResource({
  path: '/quality/history',
  summary: 'Verdicts through time, the newest first',
  query: { table: table.table.optional(), check: z.string().optional(), ...limit },
  answer: list(verdict),
  read: async (view, { query }) => ({ items: await readQualityHistory(view, query) }),
})

const health = defineResource({
  path: '/health',
  summary: 'What tells whether the lake wants maintenance, now',
  answer: {
    files: z.int(),
    bytes: z.int(),
    smallFiles: z.object({ table: z.string(), count: z.int() }),
    deleted: z.object({ table: z.string(), share: z.number() }),
    inlinedRows: z.int(),
    snapshots: z.int(),
    oldestSnapshotAt: moment,
    newestSnapshotAt: moment,
    pins: z.int(),
    oldestPinAt: moment.optional(),
    filesToCleanUp: z.int(),
    catalogBytes: z.int(),
  },
  read: ({ session }) => measureHealth(session),
})

/** What is known of the lake itself. */
export const lakeResources: readonly Resource[] = [snapshots, tables, changes, lineage, quality, qualityHistory, health]
