import { execFile } from 'node:child_process'
import { appendFile, mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImportRequest, importTable, planImport } from '../../activities/lake/import_table.js'
import { loadConfig } from '../../infra/config.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { provisionExtensions } from '../../infra/provision/provision.js'
import { traders } from '../../schemas/traders/index.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { pythonPackages } from './python_packages.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

const run = promisify(execFile)
const stages = [cargo, ...traders.stages]
let scratch: ScratchLake
const inFolder = (name: string) => path.join(scratch.folder, name)
const sql = (statement: string) => scratch.lake.session((session) => session.all(statement))
const bring = (request: Omit<ImportRequest, 'table'>, table = parcels.name) =>
  importTable(scratch.lake, stages, 'test', { table, ...request })
const emptyTable = () => sql(`DELETE FROM lake.${parcels.name}`)
const stored = () => sql(`FROM lake.${parcels.name} ORDER BY parcel_id`)
const rowsOf = (from: number, to: number) => sql(`FROM (${parcelRows(from, to)}) ORDER BY parcel_id`)
const snapshots = async () => (await sql('SELECT count(*) AS n FROM lake.snapshots()'))[0]?.['n']
const writeParquet = (select: string, name: string, options = '') =>
  sql(`COPY (${select}) TO ${quotedLiteral(inFolder(name))} (FORMAT parquet${options})`)

beforeAll(async () => {
  scratch = await openScratchLake(stages)
})
afterAll(() => scratch.close())

describe('an import of Parquet', () => {
  test('adds every row exactly, once, whatever the file is called', async () => {
    await writeParquet(parcelRows(0, 3_000), 'parcels.parquet')
    const first = await bring({ from: inFolder('parcels.parquet') })
    expect(first).toMatchObject({ rows: 3_000, repeated: false, receipt: { rows: { [parcels.name]: 3_000 } } })
    expect(await stored()).toEqual(await rowsOf(0, 3_000))
    const before = await snapshots()
    await rename(inFolder('parcels.parquet'), inFolder('moved.parquet'))
    const second = await bring({ from: inFolder('moved.parquet') })
    expect(second).toMatchObject({ repeated: true, receipt: first.receipt })
    expect(await snapshots()).toBe(before)
  })

  test('adds only rows whose key is new, and with replace leaves no others', async () => {
    await writeParquet(parcelRows(2_000, 4_000), 'more.parquet')
    const added = await bring({ from: inFolder('more.parquet') })
    expect(added).toMatchObject({ rows: 2_000, known: 1_000, receipt: { rows: { [parcels.name]: 1_000 } } })
    expect(await stored()).toEqual(await rowsOf(0, 4_000))
    await bring({ from: inFolder('more.parquet'), replace: true })
    expect(await stored()).toEqual(await rowsOf(2_000, 4_000))
  })

  test('reads a hive folder with the values of its folders', async () => {
    await emptyTable()
    await writeParquet(parcelRows(0, 100), 'hive', ', PARTITION_BY (country)')
    await bring({ from: inFolder('hive') })
    expect(await stored()).toEqual(await rowsOf(0, 100))
  })

  test('reads files of names with special characters, and leaves out those that are no data', async () => {
    await emptyTable()
    await mkdir(inFolder("odd [1] 'x' *?"))
    await writeParquet(parcelRows(0, 10), "odd [1] 'x' *?/a[b].parquet")
    await writeParquet(parcelRows(10, 20), "odd [1] 'x' *?/b.parquet")
    await writeParquet(parcelRows(20, 30), "odd [1] 'x' *?/_draft.parquet")
    await bring({ from: inFolder("odd [1] 'x' *?") })
    expect(await stored()).toEqual(await rowsOf(0, 20))
  })

  test('maps names as told, and says before what it would do', async () => {
    await emptyTable()
    await writeParquet(
      "SELECT i AS id, 'de' AS Country, i AS weight, 'x' AS extra FROM range(5) AS r(i)",
      'foreign.parquet',
    )
    const request = { from: inFolder('foreign.parquet'), map: { parcel_id: 'id', weight_kg: 'WEIGHT' } }
    const before = await snapshots()
    const plan = await planImport(scratch.lake, stages, { table: parcels.name, ...request })
    expect(await snapshots()).toBe(before)
    expect(plan).toMatchObject({ rows: 5, known: 0, kind: 'parquet' })
    expect(plan.mapping.unused.map(({ name }) => name)).toEqual(['extra'])
    const from = Object.fromEntries(plan.mapping.columns.map(({ column, source }) => [column, source?.name]))
    expect(from).toMatchObject({ parcel_id: 'id', country: 'Country', weight_kg: 'weight', note: undefined })
    await bring(request)
    expect(await sql(`SELECT parcel_id, weight_kg, note FROM lake.${parcels.name} WHERE parcel_id = 3`)).toEqual([
      { parcel_id: '3', weight_kg: 3, note: null },
    ])
  })

  test.each([
    [
      '1e300::DOUBLE AS value_usd',
      /value_usd \(from DOUBLE value_usd\): "1e\+300" in 1 of 1 rows, first where parcel_id "7"/,
    ],
    ['0.0000000000001 AS value_usd', /value_usd .*: DECIMAL\(38,12\) cannot keep it exactly; round or convert/],
    ['NULL::VARCHAR AS country', /country .*: NULL in 1 of 1 rows, first where parcel_id "7": country needs a value/],
    ['[1] AS note', /note: INTEGER\[\] of note has no exact way to VARCHAR/],
    ['NULL::BIGINT AS parcel_id', /parcel_id .*: NULL in 1 of 1 rows/],
    ["'deu' AS country", /"countries are two letters" does not hold for 1 of 1 rows/],
  ])('of %s is refused whole, with field, value and mend', async (column, message) => {
    const name = column.split(' AS ')[1] ?? ''
    const rest = ['7::BIGINT AS parcel_id', "'de' AS country"].filter((each) => !each.endsWith(name))
    await writeParquet(`SELECT ${[column, ...rest].join(', ')}`, 'wrong.parquet')
    const before = await stored()
    await expect(bring({ from: inFolder('wrong.parquet') })).rejects.toThrow(message)
    expect(await stored()).toEqual(before)
  })

  test('is refused where columns, tables or files do not fit', async () => {
    await writeParquet('SELECT 1 AS other', 'foreign.parquet')
    const from = inFolder('foreign.parquet')
    await expect(bring({ from })).rejects.toThrow(/parcel_id: required.*--map parcel_id=<one of other>\n.*country/s)
    await expect(bring({ from, map: { parcel: 'other' } })).rejects.toThrow(/parcel: .* has no such column/)
    await expect(bring({ from, map: { parcel_id: 'id' } })).rejects.toThrow(/parcel_id=id: the source has no such/)
    await expect(bring({ from: inFolder('nowhere') })).rejects.toThrow(/there is no such file or folder/)
    await expect(bring({ from: scratch.options.temporaryDirectory })).rejects.toThrow(/holds no \.parquet file/)
    await expect(bring({ from }, 'cargo_bronze.crates')).rejects.toThrow(/is not a table of the definitions/)
    await expect(bring({ from }, 'traders_silver.trades')).rejects.toThrow(/is derived from .*transaction_history/)
    await expect(bring({ from, sourceTable: 'x' })).rejects.toThrow(/is no DuckDB database/)
  })
})

describe('an import of a DuckDB database', () => {
  test('finds the table, reads it, and sees a change of the database as another import', async () => {
    await emptyTable()
    const file = inFolder('old.duckdb')
    const write = (statements: string[]) =>
      scratch.lake.session(async (session) => {
        await session.run(`ATTACH ${quotedLiteral(file)} AS old`)
        for (const statement of statements) await session.run(statement)
        await session.run('DETACH old')
      })
    await write([`CREATE TABLE old.parcels AS ${parcelRows(0, 50)}`, 'CREATE TABLE old.others (id BIGINT)'])
    expect(await bring({ from: file })).toMatchObject({ rows: 50, kind: 'duckdb', repeated: false })
    expect(await stored()).toEqual(await rowsOf(0, 50))
    expect(await bring({ from: file, sourceTable: 'parcels' })).toMatchObject({ repeated: true })
    await write([`INSERT INTO old.parcels ${parcelRows(50, 60)}`])
    expect(await bring({ from: file })).toMatchObject({ rows: 60, known: 50, repeated: false })
    expect(await stored()).toEqual(await rowsOf(0, 60))
    await expect(bring({ from: file, sourceTable: 'crates' })).rejects.toThrow(
      /holds main\.others, main\.parcels|parcels.*others/,
    )
    await write(['ALTER TABLE old.parcels RENAME TO boxes'])
    await expect(bring({ from: file })).rejects.toThrow(/--source-table is needed: the database holds .*boxes/)
  })
})

const deltaScript = `
import sys, datetime, decimal, pyarrow as pa
from deltalake import DeltaTable, write_deltalake
path = sys.argv[1]
def rows(ids):
    utc = datetime.timezone.utc
    return pa.table({
        'parcel_id': pa.array(ids, pa.int64()), 'country': ['de' if i % 2 else 'fr' for i in ids],
        'note': ['n%d' % i for i in ids], 'atoms': pa.array([decimal.Decimal(10**37 + i) for i in ids], pa.decimal128(38, 0)),
        'sent_at': pa.array([datetime.datetime(2026, 1, 1, 0, 0, i % 60, 1, utc) for i in ids], pa.timestamp('us', 'UTC')),
    })
write_deltalake(path, rows(list(range(100))), partition_by=['country'])
write_deltalake(path, rows(list(range(100, 150))), mode='append')
table = DeltaTable(path)
table.delete('parcel_id < 10')
table.create_checkpoint()
`

describe('an import of a Delta table', () => {
  test('reads its newest version: partition values from paths, deleted rows left out', async (context) => {
    const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
    const python = await pythonPackages(path.join(cacheDir, 'tests'), ['deltalake==1.6.6', 'pyarrow==26.0.1'])
    if (typeof python === 'string') return context.skip(python)
    await provisionExtensions({ cacheDir, overrides: tools, log: () => undefined }, ['delta'])
    await emptyTable()
    const from = inFolder('delta')
    await run('python3', ['-c', deltaScript, from], { env: python.env })
    expect(await bring({ from })).toMatchObject({ rows: 140, kind: 'delta', repeated: false })
    expect(
      await sql(`SELECT count(*) AS n, count(*) FILTER (WHERE country = 'de') AS de, min(parcel_id) AS first,
        max(atoms)::VARCHAR AS atoms, max(sent_at)::VARCHAR AS sent FROM lake.${parcels.name}`),
    ).toEqual([
      { n: '140', de: '70', first: '10', atoms: `1${'0'.repeat(34)}149`, sent: '2026-01-01 00:00:59.000001+00' },
    ])
    expect(await bring({ from })).toMatchObject({ repeated: true })
    await appendFile(path.join(from, '_delta_log', '00000000000000000003.json'), '{"add":')
    await expect(bring({ from })).rejects.toThrow(/cannot be read as delta/)
  })
})
