import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExportRequest, exportTables } from '../../activities/lake/export_table.js'
import { importTable } from '../../activities/lake/import_table.js'
import { quotedLiteral } from '../../infra/lake/identifier.js'
import { meta } from '../../schemas/meta/index.js'
import { cargo, parcelRows, parcels } from './parcels.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

let scratch: ScratchLake
let first: number
let second: number
const inFolder = (name: string) => path.join(scratch.folder, name)
const sql = (statement: string) => scratch.lake.session((session) => session.all(statement))
const write = (request: ExportRequest) => exportTables(scratch.lake, [...meta.tables, ...cargo.tables], request)
const rowsOf = (from: number, to: number) => sql(`FROM (${parcelRows(from, to)}) ORDER BY parcel_id`)
const columnTypes = Object.entries(parcels.columns).map(([name, { sql: type }]) => `'${name}': '${type}'`)

beforeAll(async () => {
  scratch = await openScratchLake([cargo])
  const snapshots: number[] = []
  for (const [from, to] of [
    [0, 500],
    [500, 600],
  ] as const) {
    await sql(`COPY (${parcelRows(from, to)}) TO ${quotedLiteral(inFolder(`${from}.parquet`))}`)
    const request = { table: parcels.name, from: inFolder(`${from}.parquet`) }
    snapshots.push((await importTable(scratch.lake, [cargo], 'test', request)).receipt.snapshotId)
  }
  ;[first = 0, second = 0] = snapshots
})
afterAll(() => scratch.close())

test('a table at a snapshot is in its Parquet file with every value and type', async () => {
  const file = inFolder('old.parquet')
  const { snapshotId, tables } = await write({ table: parcels.name, to: file, at: String(first) })
  expect(snapshotId).toBe(first)
  expect(tables).toMatchObject([{ table: parcels.name, file, rows: 500 }])
  expect(await sql(`FROM ${quotedLiteral(file)}`)).toEqual(await rowsOf(0, 500))
  const described = await sql(`DESCRIBE FROM ${quotedLiteral(file)}`)
  const types = Object.values(parcels.columns).map((column) =>
    column.sql.replace('TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'),
  )
  expect(described.map(({ column_type }) => column_type)).toEqual(types)
})

test('a table in CSV reads back the same, NULL apart from the empty text', async () => {
  const file = inFolder('new.csv')
  await write({ table: parcels.name, to: file })
  const read = `read_csv(${quotedLiteral(file)}, header = true, nullstr = '', allow_quoted_nulls = false, columns = {${columnTypes.join(', ')}})`
  expect(await sql(`FROM ${read}`)).toEqual(await rowsOf(0, 600))
})

test('all tables of one snapshot make a folder, which imports back as it was', async () => {
  const to = inFolder('all')
  const { tables, snapshotId } = await write({ to })
  expect(snapshotId).toBeGreaterThanOrEqual(second)
  expect((await readdir(to)).sort()).toEqual(tables.map(({ table }) => `${table}.parquet`).sort())
  expect(tables.map(({ table }) => table)).toEqual(expect.arrayContaining(['meta.commits', parcels.name]))
  const from = path.join(to, `${parcels.name}.parquet`)
  await importTable(scratch.lake, [cargo], 'test', { table: parcels.name, from, replace: true })
  expect(await sql(`FROM lake.${parcels.name} ORDER BY parcel_id`)).toEqual(await rowsOf(0, 600))
})

test('what is there is not written over, and a failure leaves nothing', async () => {
  await writeFile(inFolder('mine.csv'), 'mine')
  await expect(write({ table: parcels.name, to: inFolder('mine.csv') })).rejects.toThrow(/something is there already/)
  await mkdir(inFolder('mine'))
  await writeFile(inFolder('mine/own'), 'own')
  await expect(write({ to: inFolder('mine') })).rejects.toThrow(/something is there already/)
  await expect(write({ table: 'cargo_bronze.crates', to: inFolder('x') })).rejects.toThrow(/is not a table/)
  await expect(write({ table: parcels.name, to: inFolder('x'), at: '0' })).rejects.toThrow(
    /was not there at snapshot 0/,
  )
  await rm(inFolder('data/cargo_bronze'), { recursive: true })
  const before = await readdir(scratch.folder)
  for (const to of ['x.parquet', 'x.csv', 'folder'])
    await expect(write({ table: parcels.name, to: inFolder(to) })).rejects.toThrow()
  expect(await readdir(scratch.folder)).toEqual(before)
})
