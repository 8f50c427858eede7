import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { type Lake, type LakeOptions, openLake } from '../../infra/lake/lake.js'
import { lockEngine, type QueryLimits } from '../../infra/lake/locked_lake.js'
import { openReadOnlyQueries, type ReadOnlyQueries } from '../../infra/lake/read_only_query.js'
import { provision } from '../../infra/provision/provision.js'
import { Secret } from '../../infra/secret.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { startSeaweed } from '../../infra/stack/seaweed.js'
import { createApi } from '../../worker/api/api.js'
import { apiDependencies, testToken } from '../api/api_dependencies.js'
import { textOf } from '../traders/canaries.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { type CompiledQueryProgram, compileQueryProgram } from './query_program.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

const limits = { rows: 100, timeoutMs: 30_000, bytes: 100_000 }
const hurried = { ...limits, timeoutMs: 1_000 }
let compiled: CompiledQueryProgram
let scratch: ScratchLake
let queries: ReadOnlyQueries
let hurriedQueries: ReadOnlyQueries
let outside: string
let snapshotId: number

beforeAll(async () => {
  compiled = await compileQueryProgram()
  scratch = await openScratchLake([cargo], 'postgres')
  await scratch.lake.session((session) => session.run(`INSERT INTO lake.${parcels.name} ${parcelRows(0, 5_000)}`))
  snapshotId = await scratch.lake.session(async (session) =>
    Number((await session.one('SELECT max(snapshot_id) AS id FROM lake.snapshots()'))['id']),
  )
  outside = path.join(scratch.folder, 'outside.csv')
  await writeFile(outside, 'secret\ncanary-4711\n')
  queries = open(scratch.options, limits)
  hurriedQueries = open(scratch.options, hurried)
})
afterAll(async () => {
  await queries?.close()
  await hurriedQueries?.close()
  await scratch?.close()
  await compiled?.remove()
})

const open = (options: LakeOptions, limits: QueryLimits): ReadOnlyQueries =>
  openReadOnlyQueries({
    ...options,
    temporaryDirectory: path.join(scratch.folder, 'query_spill'),
    program: compiled.program,
    limits,
  })

const run = (sql: string) => queries.run(sql)

describe('a query for whoever asks', () => {
  test('answers a SELECT over the lake, with WITH, joins, windows and an earlier snapshot', async () => {
    const table = parcels.name
    expect(await run(`SELECT count(*) AS n, 1.50::DECIMAL(9, 2) AS d FROM ${table}`)).toEqual({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 'd', type: 'DECIMAL(9,2)' },
      ],
      rows: [['5000', '1.50']],
      truncated: false,
    })
    const sql = `
      WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 3),
        ranked AS (SELECT *, row_number() OVER (ORDER BY parcel_id) AS place FROM lake.${table} QUALIFY place <= 3)
      SELECT n, extract('year' FROM TIMESTAMP '2026-01-02') AS y, list_transform([n], lambda x: x * 2), place::VARCHAR LIKE '%'
      FROM numbers JOIN ranked ON n = place, range(1), (VALUES (1)) AS v (a)
      WHERE EXISTS (FROM ${table}) GROUP BY ALL ORDER BY n DESC LIMIT 10`
    expect((await run(sql)).rows).toEqual([3, 2, 1].map((n) => [n, '2026', [n * 2], true]))
    const at = snapshotId - 1
    expect((await run(`SELECT count(*) FROM ${table} AT (VERSION => ${at})`)).rows).toEqual([['0']])
    expect((await run(`FROM (PIVOT ${table} ON country IN ('de') USING count(*) GROUP BY fragile)`)).rows).toHaveLength(
      2,
    )
  })

  test('stops at the limit of rows and says so, and refuses an answer of too many bytes', async () => {
    const { rows, truncated } = await run(`SELECT parcel_id FROM ${parcels.name}, range(1000000)`)
    expect([rows.length, truncated]).toEqual([limits.rows, true])
    await expect(run(`SELECT repeat('x', 200000)`)).rejects.toThrow(/answers with 2\d{5} bytes, over 100000/)
  })

  test.each([
    'SELECT count(*) FROM range(100000000000)',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r',
    // Not interrupted by the engine for a quarter of a minute or more: the process is killed.
    'SELECT len(list_transform(range(30000000), lambda x: x * x + 1))',
  ])('ends %s at the limit of time', async (sql) => {
    await expect(hurriedQueries.run(sql)).rejects.toThrow('took longer than 1000 ms')
    expect((await hurriedQueries.run('SELECT 1')).rows).toEqual([[1]])
  })

  test.each([
    `SELECT len(repeat('a', 4000000000))`,
    'SELECT count(*) FROM (SELECT unnest(range(4000000000)))',
    'SELECT list(i) FROM range(1000000000) AS r(i)',
  ])('ends %s at the limit of memory, or of time', async (sql) => {
    await expect(hurriedQueries.run(sql)).rejects.toThrow(
      /needs more memory|Out of Memory|could not allocate|took longer/i,
    )
    expect((await hurriedQueries.run('SELECT 1')).rows).toEqual([[1]])
  })

  test('lets four wait, and asks the fifth to come again', async () => {
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => run('SELECT 1')))
    expect(all.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), ...Array(2).fill('rejected')])
  })
})

test('the API answers queries to who has the token, and says what is wrong with one', async () => {
  const api = createApi(apiDependencies({ queries }))
  const ask = async (body: unknown, headers: Record<string, string> = { authorization: `Bearer ${testToken}` }) => {
    const init = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }
    const response = await api.request('/api/v1/query', init)
    return { status: response.status, body: await response.json() }
  }
  const sql = `SELECT count(*) FROM ${parcels.name}`
  expect(await ask({ sql })).toMatchObject({ status: 200, body: { rows: [['5000']], truncated: false } })
  expect(await ask({ sql }, {})).toMatchObject({ status: 401 })
  expect(await ask({ sql, limit: 1 })).toMatchObject({ status: 400, body: { error: { code: 'InvalidInput' } } })
  const refused = await ask({ sql: "FROM read_text('/etc/passwd')" })
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { message: 'sql: the function read_text is not available here' } },
  })
})

describe('a query may not', () => {
  const file = () => outside.replaceAll("'", "''")
  const attacks: Record<string, () => string[]> = {
    'read a file': () => [
      `SELECT * FROM '${file()}'`,
      `SELECT * FROM "${file()}"`,
      `FROM read_csv('${file()}')`,
      `FROM read_csv_auto('${file()}')`,
      `FROM read_text('${file()}')`,
      `FROM read_blob('${file()}')`,
      `FROM read_json('${file()}')`,
      `FROM read_parquet('${dataFolder()}/**/*.parquet')`,
      `FROM parquet_scan('${dataFolder()}/**/*.parquet')`,
      `FROM parquet_metadata('${dataFolder()}/**/*.parquet')`,
      `FROM sniff_csv('${file()}')`,
      `FROM glob('/*')`,
      `FROM '/etc/passwd'`,
      `FROM read_text('/proc/self/environ')`,
      `SELECT * FROM query('FROM read_text(''${file()}'')')`,
      `SELECT * FROM query_table('${file()}')`,
      `SELECT json_serialize_plan('FROM read_text(''${file()}'')')`,
      `SELECT (FROM read_text('${file()}') SELECT content)`,
      `WITH x AS (FROM read_text('${file()}')) FROM x`,
      `SELECT 1 ORDER BY (SELECT content FROM read_text('${file()}'))`,
      `SELECT 1 LIMIT (SELECT length(content) FROM read_text('${file()}'))`,
      `FROM ${parcels.name} AT (TIMESTAMP => (SELECT content FROM read_text('${file()}')))`,
      `FROM (PIVOT read_text('${file()}') ON size IN (1) USING count(*))`,
    ],
    'write a file, or the lake': () => [
      `COPY (SELECT 1) TO '${file()}.copy'`,
      `COPY (SELECT 1) TO '${dataFolder()}/copy.csv'`,
      `COPY ${parcels.name} FROM '${file()}'`,
      `EXPORT DATABASE '${file()}.export'`,
      `INSERT INTO ${parcels.name} (parcel_id, country) VALUES (99, 'de')`,
      `DELETE FROM ${parcels.name}`,
      `UPDATE ${parcels.name} SET note = NULL`,
      `DROP TABLE ${parcels.name}`,
      `CREATE TABLE cargo_bronze.other (a INTEGER)`,
      `CREATE TEMP TABLE other AS SELECT 1`,
      `SELECT 1; DROP TABLE ${parcels.name}`,
      `DROP TABLE ${parcels.name}; SELECT 1`,
      `EXPLAIN ANALYZE DELETE FROM ${parcels.name}`,
      `WITH gone AS (DELETE FROM ${parcels.name} RETURNING *) FROM gone`,
      "CALL lake.set_option('target_file_size', 1)",
      "FROM ducklake_expire_snapshots('lake', versions => [1])",
      "FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)",
      "SELECT nextval('s')",
      'BEGIN',
      'CHECKPOINT lake',
    ],
    'reach another database, the network or a program': () => [
      `ATTACH '${file()}.db'`,
      `ATTACH 'postgres:host=127.0.0.1' AS other (TYPE postgres)`,
      'DETACH lake',
      `FROM postgres_query('__ducklake_metadata_lake', 'SELECT pg_read_file(''/etc/passwd'')')`,
      `CALL postgres_execute('__ducklake_metadata_lake', 'DROP SCHEMA public CASCADE')`,
      `FROM postgres_scan('host=127.0.0.1', 'public', 'x')`,
      `FROM postgres_attach('host=127.0.0.1')`,
      `FROM read_csv('http://127.0.0.1:1/x.csv')`,
      `FROM 'http://127.0.0.1:1/x.csv'`,
      `FROM 's3://other/x.parquet'`,
      'INSTALL spatial',
      'LOAD spatial',
      'FROM load_aws_credentials()',
      `IMPORT DATABASE '${path.dirname(file())}'`,
    ],
    'see the catalog, its logins and keys, or the machine': () => [
      'FROM __ducklake_metadata_lake.ducklake_metadata',
      'FROM __ducklake_metadata_lake.public.ducklake_data_file',
      'SELECT encryption_key FROM __ducklake_metadata_lake.ducklake_data_file',
      'FROM duckdb_secrets()',
      "FROM which_secret('s3://x', 's3')",
      'FROM duckdb_settings()',
      'FROM duckdb_databases()',
      'FROM duckdb_databases',
      'FROM main.duckdb_databases',
      'FROM system.main.duckdb_databases',
      'FROM memory.main.duckdb_databases',
      'FROM lake.main.duckdb_databases',
      'FROM pg_catalog.pg_settings',
      'FROM information_schema.tables',
      'FROM sqlite_master',
      'FROM pragma_database_list',
      'WITH x AS (WITH duckdb_databases AS (SELECT 1) FROM duckdb_databases) FROM duckdb_databases',
      "SELECT current_setting('temp_directory')",
      "SELECT getenv('HOME')",
      'FROM duckdb_temporary_files()',
      'FROM duckdb_logs()',
      'SHOW DATABASES',
      'SHOW ALL TABLES',
      'DESCRIBE cargo_bronze.parcels',
      'FROM lake.settings()',
      "FROM ducklake_list_files('lake', 'parcels')",
      "FROM ducklake_settings('lake')",
    ],
    'change what holds it': () => [
      'SET enable_external_access = true',
      'SET lock_configuration = false',
      'RESET lock_configuration',
      "SET allowed_directories = ['/']",
      "SET memory_limit = '100GB'",
      "PRAGMA memory_limit = '100GB'",
      'PRAGMA enable_profiling',
      'USE memory',
      "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
      "CREATE MACRO lower(x) AS 'x'",
      'PREPARE p AS SELECT 1',
      'EXECUTE p',
      'SET VARIABLE x = 1',
      'SELECT pg_sleep(1)',
      "SELECT write_log('x')",
      'CALL enable_logging()',
      'FROM checkpoint()',
      'SELECT $1',
    ],
  }

  for (const [what, texts] of Object.entries(attacks)) {
    test(what, async () => {
      for (const sql of texts()) {
        const error = await run(sql).then(String, (reason: Error) => reason)
        expect(error, sql).toMatchObject({ name: 'InvalidInput', message: expect.not.stringMatching(/canary|root:/) })
      }
      expect((await run(`SELECT count(*) FROM ${parcels.name}`)).rows).toEqual([['5000']])
      expect((await readdir(scratch.folder)).filter((name) => name.startsWith('outside.csv'))).toEqual(['outside.csv'])
    })
  }

  const dataFolder = () => (scratch.options.data.kind === 'folder' ? scratch.options.data.path : '')
})

describe('the engine alone, if the look at the query missed something', () => {
  let locked: Lake
  beforeAll(async () => {
    locked = await openLake({ ...scratch.options, readOnly: true })
    await locked.session((session) => lockEngine(session, scratch.options.data))
  })
  afterAll(() => locked?.close())

  test('reads the lake, and no other file', async () => {
    const all = (sql: string) => locked.session((session) => session.all(sql))
    expect(await all(`SELECT count(*) AS n FROM lake.${parcels.name}`)).toEqual([{ n: '5000' }])
    const refused = [
      `FROM read_text('${outside}')`,
      `FROM read_text('${path.join(scratch.folder, 'data', '..', 'outside.csv')}')`,
      `FROM read_csv('${outside}')`,
      `FROM '${outside}'`,
      `FROM glob('${scratch.folder}/*')`,
      `COPY (SELECT 1) TO '${outside}'`,
      `ATTACH '${scratch.folder}/other.db'`,
      `ATTACH 'ducklake:${scratch.folder}/other.ducklake' AS other (DATA_PATH '${scratch.folder}/other')`,
      `INSTALL spatial`,
      `LOAD spatial`,
      `FROM read_csv('http://127.0.0.1:1/x.csv')`,
      `SET enable_external_access = true`,
      `SET lock_configuration = false`,
      `SET allowed_directories = ['/']`,
      `SET memory_limit = '100GB'`,
      `SET temp_directory = '/tmp'`,
      `DELETE FROM lake.${parcels.name}`,
      `DROP TABLE lake.${parcels.name}`,
      `CREATE TABLE lake.cargo_bronze.other (a INTEGER)`,
      `CALL lake.set_option('target_file_size', '1GB')`,
      `CALL ducklake_expire_snapshots('lake', versions => [1])`,
    ]
    for (const sql of refused) {
      await expect(all(sql), sql).rejects.toThrow(
        /disabled by configuration|does not exist|locked|read-only|read only|Extension/i,
      )
    }
  })
})

test('a query reads a lake whose data are on S3, and nothing else there', async () => {
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { path: program } = await provision('weed', { cacheDir, overrides: tools, log: () => undefined })
  const folder = path.join(scratch.folder, 's3')
  const registry = new ProcessRegistry(scratch.folder)
  const server = await startSeaweed({ program, folder, logFile: `${folder}.log`, registry })
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }))
  await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'outside.csv', Body: 'canary-4711' }))
  const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }
  const data = { kind: 's3', url: 's3://lake/data', bucket: 'lake', prefix: 'data', endpoint, region, keys } as const
  const onS3 = await openScratchLake([cargo], 'postgres', data)
  const queriesOnS3 = open(onS3.options, limits)
  try {
    await onS3.lake.session((session) => session.run(`INSERT INTO lake.${parcels.name} ${parcelRows(0, 50)}`))
    expect((await queriesOnS3.run(`SELECT count(note) FROM ${parcels.name}`)).rows).toEqual([['37']])
    const locked = await openLake({ ...onS3.options, readOnly: true })
    await locked.session(async (session) => {
      await lockEngine(session, data)
      expect(await session.all(`SELECT count(note) AS n FROM lake.${parcels.name}`)).toEqual([{ n: '37' }])
      for (const name of ['s3://lake/outside.csv', 's3://other/x.csv', `${endpoint}/lake/outside.csv`]) {
        await expect(session.all(`FROM read_text('${name}')`), name).rejects.toThrow(/disabled by configuration/)
      }
    })
    await locked.close()
  } finally {
    await queriesOnS3.close()
    await onS3.close()
    await server.stop()
  }
})

test('a login that fails is not repeated', async () => {
  const { catalog } = scratch.options
  if (catalog.kind !== 'postgres') throw new Error('a catalog on PostgreSQL was expected')
  const address = { ...catalog.address, password: new Secret('canary-4711') }
  const wrong = open({ ...scratch.options, catalog: { kind: 'postgres', address } }, limits)
  const error = await wrong.run('SELECT 1').then(String, (reason: Error) => reason)
  await wrong.close()
  expect(error).toMatchObject({ name: 'SourceUnavailable', message: expect.stringMatching(/authentication failed/) })
  expect(textOf(error)).not.toContain('canary-4711')
  const password = catalog.address.password?.reveal() ?? ''
  await expect(queries.run(`SELECT '${password}'::INTEGER`)).rejects.toThrow(/Could not convert string '\[secret\]'/)
})
