import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LakeOptions, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import type { PostgresAddress } from '../../infra/postgres_address.js'
import { Secret } from '../../infra/secret.js'
import { cargo, parcelRows, parcels } from '../lake/parcels.js'
import { openScratchLake, type ScratchLake, scratchDatabase } from '../lake/scratch_lake.js'
import { deployFolder } from './named_metrics.js'

const password = 'a-password-of-the-test'
let scratch: ScratchLake
let owner: PostgresAddress

const asOwner = (sql: string) => asRole(owner, sql)
const asRole = async (address: PostgresAddress, sql: string) => {
  const client = new Client({ ...address, password: address.password?.reveal() })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
const as = (user: string): PostgresAddress => ({ ...owner, user, password: new Secret(password) })
const catalogAs = (user: string): LakeOptions => ({
  ...scratch.options,
  catalog: { kind: 'postgres', address: as(user) },
})

beforeAll(async () => {
  scratch = await openScratchLake([], 'file')
  owner = (await scratchDatabase()).address
  const roles = readFileSync(path.join(deployFolder, 'postgres/roles.sql'), 'utf8')
  await asOwner(roles)
  await asOwner(roles)
  for (const role of ['tributary_worker', 'tributary_reader'])
    await asOwner(`ALTER ROLE ${role} PASSWORD '${password}'`)
  await asOwner(
    'CREATE SCHEMA other; CREATE TABLE other.things AS SELECT 1 AS a; CREATE TABLE public.of_the_owner (a INTEGER)',
  )
  const worker = await openLake({
    ...catalogAs('tributary_worker'),
    data: { kind: 'folder', path: path.join(scratch.folder, 'roles') },
  })
  await reconcile(worker, [cargo])
  await worker.session((session) => session.run(`INSERT INTO lake.${parcels.name} ${parcelRows(0, 10)}`))
  await worker.close()
})
afterAll(() => scratch?.close())

test('the worker’s role makes the lake and writes it; the reader’s role reads it', async () => {
  const data = { kind: 'folder', path: path.join(scratch.folder, 'roles') } as const
  const reader = await openLake({ ...catalogAs('tributary_reader'), data, readOnly: true })
  try {
    await reader.session(async (session) => {
      expect(await session.all(`SELECT count(*) AS n FROM lake.${parcels.name}`)).toEqual([{ n: '10' }])
      await expect(session.run(`DELETE FROM lake.${parcels.name}`)).rejects.toThrow(/read-only/)
    })
  } finally {
    await reader.close()
  }
})

test.each([
  "INSERT INTO public.ducklake_metadata (key, value) VALUES ('x', 'y')",
  'UPDATE public.ducklake_snapshot SET snapshot_id = 0',
  'DELETE FROM public.ducklake_data_file',
  'DROP TABLE public.ducklake_data_file',
  'SET default_transaction_read_only = off; DELETE FROM public.ducklake_data_file',
  'SET transaction_read_only = off; CREATE TABLE public.mine (a INTEGER)',
  'CREATE TEMP TABLE mine (a INTEGER)',
  'SELECT * FROM other.things',
  'SET ROLE tributary_worker',
  "SELECT pg_read_file('/etc/passwd')",
  "COPY (SELECT 1) TO PROGRAM 'true'",
  'SELECT rolpassword FROM pg_authid',
])('the reader’s role may not: %s', async (sql) => {
  await expect(asRole(as('tributary_reader'), sql)).rejects.toThrow(/permission denied|read-only|must be owner/)
})

test.each([
  'DROP TABLE other.things',
  'SELECT * FROM other.things',
  'DROP SCHEMA other',
  'DROP TABLE public.of_the_owner',
  'DROP SCHEMA public CASCADE',
  'CREATE SCHEMA mine',
  'CREATE DATABASE mine',
  'DROP DATABASE postgres',
  'DROP ROLE tributary_reader',
  'CREATE ROLE mine',
  'ALTER ROLE tributary_worker SUPERUSER',
  'SET ROLE postgres',
  "SELECT pg_read_file('/etc/passwd')",
  "COPY (SELECT 1) TO PROGRAM 'true'",
  'SELECT rolpassword FROM pg_authid',
  'CREATE EXTENSION dblink',
])('the worker’s role may not: %s', async (sql) => {
  await expect(asRole(as('tributary_worker'), sql)).rejects.toThrow(
    /permission denied|must be owner|must be superuser|only roles with|does not exist|is not available|Only roles/i,
  )
})
