/**
 * Files and bytes that selective queries on each key of a table of swaps read, in four layouts: as committed, sorted by one column, by two,
 * and along the Z-order curve that maintenance uses. The rows, file sizes and row groups are the same in all.
 *
 *   node clustering.js --extensions DIR [--rows 2000000] [--queries 20]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { fileSizes } from '../activities/lake/cluster_table.js'
import { alongZOrder } from '../activities/lake/z_order.js'
import { openLake } from '../infra/lake/lake.js'
import type { Session } from '../infra/lake/session.js'

const { values } = parseArgs({
  options: {
    extensions: { type: 'string' },
    rows: { type: 'string', default: '2000000' },
    queries: { type: 'string', default: '20' },
  },
})
if (values.extensions === undefined) throw new Error('--extensions DIR: where DuckDB finds ducklake')
const rows = Number(values.rows)
const queries = Number(values.queries)

const folder = await mkdtemp(path.join(tmpdir(), 'tributary-bench-'))
const lake = await openLake({
  catalog: { kind: 'file', path: path.join(folder, 'catalog.ducklake') },
  data: { kind: 'folder', path: path.join(folder, 'data') },
  extensionDirectory: values.extensions,
  temporaryDirectory: path.join(folder, 'spill'),
})

const keys = ['wallet_address', 'block_time', 'base_address']
const layouts = {
  'as committed: 125 wallets a commit': undefined,
  'sorted by wallet_address': 'FROM swaps ORDER BY wallet_address',
  'sorted by wallet_address, block_time': 'FROM swaps ORDER BY wallet_address, block_time',
  'Z-order over all three': `SELECT * EXCLUDE (curve) FROM (${alongZOrder('swaps', keys)}) ORDER BY curve`,
}

/** 5,000 wallets of which few trade most, 500 tokens likewise, over 90 days. */
const generate = `
  CREATE TEMP TABLE swaps AS
  SELECT md5('wallet' || wallet) AS wallet_address, TIMESTAMPTZ '2026-08-23' + to_milliseconds((hash(i, 1) % 7776000000)::BIGINT) AS block_time,
    md5('token' || floor(500 * pow(hash(i, 2) / 2.0 ** 64, 2))) AS base_address, sha256('tx' || i) AS tx_hash,
    (hash(i, 3) % 1000000000000)::DECIMAL(38,0) AS base_change_raw, (hash(i, 4) % 10000) / 7 AS volume_usd, wallet // 125 AS batch
  FROM (SELECT i, floor(5000 * pow(hash(i, 0) / 2.0 ** 64, 2))::INTEGER AS wallet FROM range(${rows}) AS n(i))`

/** Each query as the half-open range of its key that it asks for. */
const hour = (index: number) => `TIMESTAMPTZ '2026-08-23' + to_hours(${(index * 101) % 2160})`
const byKey = {
  'one wallet': (index: number) => ({ key: 'wallet_address', is: `md5('wallet${(index * 211) % 5000}')` }),
  'one hour': (index: number) => ({ key: 'block_time', from: hour(index), to: hour(index + 1) }),
  'one token': (index: number) => ({ key: 'base_address', is: `md5('token${(index * 23) % 500}.0')` }),
}
type Query = { key: string; is: string } | { key: string; from: string; to: string }

const conditionOf = (query: Query): string =>
  'is' in query ? `${query.key} = ${query.is}` : `${query.key} >= ${query.from} AND ${query.key} < ${query.to}`

/** The files that DuckLake opens, and of them the bytes of the row groups whose statistics do not rule them out. */
const measure = async (session: Session, query: Query): Promise<{ files: number; bytes: number }> => {
  const [plan] = await session.all(
    `EXPLAIN ANALYZE SELECT count(*), sum(base_change_raw), max(volume_usd) FROM lake.swaps WHERE ${conditionOf(query)}`,
  )
  const opened = /Total Files Read:\s*(\d+)/.exec(String(plan?.['explain_value']))?.[1]
  const [low, high] = 'is' in query ? [query.is, query.is] : [query.from, query.to]
  const { bytes } = await session.one(`
    WITH needed AS (
      SELECT file_name, row_group_id FROM chunk
      WHERE path_in_schema = '${query.key}' AND ${query.key === 'block_time' ? 'low::TIMESTAMPTZ' : 'low'} <= ${high}
        AND ${query.key === 'block_time' ? 'high::TIMESTAMPTZ' : 'high'} >= ${low}
    )
    SELECT coalesce(sum(bytes), 0)::BIGINT AS bytes FROM chunk SEMI JOIN needed USING (file_name, row_group_id)
    WHERE path_in_schema IN ('${query.key}', 'base_change_raw', 'volume_usd')`)
  return { files: Number(opened ?? 0), bytes: Number(bytes) }
}

await lake.session(async (session) => {
  await session.run(generate)
  await session.run(`CREATE TABLE lake.swaps AS SELECT * EXCLUDE (batch) FROM swaps LIMIT 0`)
  for (const [option, value] of Object.entries(fileSizes))
    await session.run(`CALL lake.set_option('${option}', '${value}', schema => 'main', table_name => 'swaps')`)
  console.log(
    '| layout | files | MB | ' +
      Object.keys(byKey)
        .map((key) => `${key}: files | MB`)
        .join(' | ') +
      ' |',
  )
  console.log(`|---|---:|---:|${'---:|---:|'.repeat(Object.keys(byKey).length)}`)
  for (const [layout, select] of Object.entries(layouts)) {
    await session.run('DELETE FROM lake.swaps')
    if (select === undefined) {
      for (let batch = 0; batch < 40; batch += 1)
        await session.run(
          `INSERT INTO lake.swaps SELECT * EXCLUDE (batch) FROM swaps WHERE batch = ${batch} ORDER BY wallet_address, block_time`,
        )
    } else {
      const columns = 'wallet_address, block_time, base_address, tx_hash, base_change_raw, volume_usd'
      await session.run(`INSERT INTO lake.swaps SELECT ${columns} FROM (${select})`)
    }
    const total = await session.one(
      'SELECT count(*) AS files, sum(file_size_bytes) AS bytes FROM __ducklake_metadata_lake.ducklake_data_file WHERE end_snapshot IS NULL',
    )
    const current = await session.all(`SELECT data_file FROM ducklake_list_files('lake', 'swaps', schema => 'main')`)
    await session.run(`
      CREATE OR REPLACE TEMP TABLE chunk AS
      SELECT file_name, row_group_id, path_in_schema, stats_min_value AS low, stats_max_value AS high, total_compressed_size AS bytes
      FROM parquet_metadata([${current.map(({ data_file }) => `'${data_file}'`).join(', ')}])`)
    const cells = []
    for (const queryOf of Object.values(byKey)) {
      let [files, bytes] = [0, 0]
      for (let index = 0; index < queries; index += 1) {
        const read = await measure(session, queryOf(index))
        files += read.files / queries
        bytes += read.bytes / queries
      }
      cells.push(files.toFixed(1), (bytes / 1e6).toFixed(2))
    }
    console.log(`| ${[layout, total['files'], (Number(total['bytes']) / 1e6).toFixed(0), ...cells].join(' | ')} |`)
  }
})
await lake.close()
await rm(folder, { recursive: true, force: true })
