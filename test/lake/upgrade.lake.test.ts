import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import { findReceipt } from '../../activities/receipt.js'
import { type Lake, openLake } from '../../infra/lake/lake.js'
import { createStatements } from '../../infra/lake/reconcile/layout.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { traders } from '../../schemas/traders/index.js'
import { stageExamples } from './examples.js'
import { scratchCatalogs, scratchDatabase } from './scratch_lake.js'

const { stages } = traders
const [bronze] = stages
if (bronze === undefined) throw new Error('traders has a stage')

/** What the first release left behind, 0.1.0: tables of traders as today, these of meta, and a commit. */
const release = [
  'CREATE SCHEMA lake.meta',
  `CALL lake.set_option('data_inlining_row_limit', 10000, schema => 'meta')`,
  ...stages.flatMap(({ name, tables }) => [
    `CREATE SCHEMA lake.${name}`,
    `CREATE TABLE lake.${name}._fence (version BIGINT)`,
    `CALL lake.set_option('data_inlining_row_limit', 10000, schema => '${name}', table_name => '_fence')`,
    `INSERT INTO lake.${name}._fence VALUES (7)`,
    ...tables.flatMap(createStatements),
  ]),
  `CREATE TABLE lake.meta.commits (
    commit_key VARCHAR NOT NULL, stage VARCHAR NOT NULL, step VARCHAR NOT NULL, message VARCHAR NOT NULL,
    pipeline VARCHAR NOT NULL, logical_run VARCHAR NOT NULL, workflow_id VARCHAR, run_id VARCHAR, attempt INTEGER NOT NULL,
    code_version VARCHAR NOT NULL, inputs VARCHAR NOT NULL, parameters VARCHAR NOT NULL, derivation_fingerprint VARCHAR,
    row_counts VARCHAR NOT NULL, content_hashes VARCHAR NOT NULL, committed_at TIMESTAMPTZ NOT NULL)`,
  `CREATE TABLE lake.meta.quality (
    id VARCHAR NOT NULL, commit_key VARCHAR NOT NULL, dataset VARCHAR NOT NULL, check_name VARCHAR NOT NULL,
    check_type VARCHAR NOT NULL, severity VARCHAR NOT NULL, passed BOOLEAN NOT NULL, offending_count BIGINT NOT NULL,
    row_count BIGINT NOT NULL, details VARCHAR, created_at TIMESTAMPTZ NOT NULL)`,
  `INSERT INTO lake.meta.quality VALUES ('1', 'a key', 'traders_bronze.token_metrics', 'key is unique', 'consistency',
    'blocking', true, 0, 2, NULL, '2026-11-21')`,
  `INSERT INTO lake.meta.commits VALUES ('a key', 'traders_bronze', 'tokens', 'two tokens', 'traders', 'a run', NULL, NULL, 1,
    '0.1.0', '{}', '{}', NULL, '{"traders_bronze.token_metrics":2}', '{"traders_bronze.token_metrics":"123"}', '2026-11-21')`,
]

describe.each(scratchCatalogs)('a lake of the first release on a %s catalog', (kind) => {
  let folder: string
  let lake: Lake
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tributary-upgrade-'))
    lake = await openLake({
      catalog: kind === 'file' ? { kind, path: path.join(folder, 'catalog.ducklake') } : await scratchDatabase(),
      data: { kind: 'folder', path: path.join(folder, 'data') },
      extensionDirectory: inject('extensionDirectory'),
      temporaryDirectory: path.join(folder, 'spill'),
    })
    await lake.session(async (session) => {
      for (const statement of release) await session.run(statement)
    })
  })
  afterEach(async () => {
    await lake.close()
    await rm(folder, { recursive: true, force: true })
  })

  const all = (sql: string) => lake.session((session) => session.all(sql))

  test('starts, keeps its receipts and fences, and takes commits', async () => {
    const [stored] = await all('SELECT snapshot_id FROM lake.meta.commits')
    await reconcile(lake, stages)
    expect(await lake.session((session) => findReceipt(session, 'a key'))).toMatchObject({
      snapshotId: Number(stored?.['snapshot_id']),
      rows: { 'traders_bronze.token_metrics': 2 },
      contentHashes: { 'traders_bronze.token_metrics': '123' },
    })
    expect(await all('SELECT dataset, row_count, checksum FROM lake.meta.lineage')).toEqual([
      { dataset: 'traders_bronze.token_metrics', row_count: '2', checksum: '123' },
    ])
    expect(await all('SELECT check_name FROM lake.meta.quality_before_view')).toEqual([{ check_name: 'key is unique' }])
    expect(await all('SELECT version FROM lake.traders_bronze._fence')).toEqual([{ version: '7' }])
    const before = await all('SELECT id FROM lake.current_snapshot()')
    expect((await reconcile(lake, stages)).changes).toEqual([])
    expect(await all('SELECT id FROM lake.current_snapshot()')).toEqual(before)
    const [table] = bronze.tables
    if (table === undefined) throw new Error('bronze has a table')
    const receipt = await commit(lake, {
      stage: bronze,
      key: 'a new key',
      name: 'tokens',
      message: 'a token',
      provenance: { pipeline: 'traders', logicalRun: 'a run', attempt: 1, codeVersion: 'test' },
      prepare: async (session) => ({
        writes: [{ table, staged: await stageExamples(session, table, 1), replaces: { kind: 'nothing' } }],
        inputs: {},
      }),
    })
    expect(receipt.rows).toEqual({ [table.name]: 1 })
    expect(await all('SELECT count(*)::INTEGER AS n FROM lake.meta.quality WHERE NOT passed')).toEqual([{ n: 0 }])
  })
})
