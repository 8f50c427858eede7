import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { inject } from 'vitest'
import { type Lake, type LakeOptions, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { parsePostgresAddress } from '../../infra/postgres_address.js'
import type { Stage } from '../../schemas/table.js'

export const scratchCatalogs = ['file', 'postgres'] as const
type ScratchCatalog = (typeof scratchCatalogs)[number]

export interface ScratchLake {
  readonly lake: Lake
  readonly folder: string
  readonly options: LakeOptions
  /** The same lake again, after it was closed. */
  reopen(): Promise<ScratchLake>
  close(): Promise<void>
}

/** A real DuckLake on a catalog of its own, its data in a temporary folder, with these stages created. */
export const openScratchLake = async (
  stages: readonly Stage[],
  kind: ScratchCatalog = 'file',
  data?: LakeOptions['data'],
  more: Pick<LakeOptions, 'encrypted' | 'commitWatch'> = {},
): Promise<ScratchLake> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-lake-'))
  const options: LakeOptions = {
    catalog: kind === 'file' ? { kind, path: path.join(folder, 'catalog.ducklake') } : await scratchDatabase(),
    data: data ?? { kind: 'folder', path: path.join(folder, 'data') },
    extensionDirectory: inject('extensionDirectory'),
    temporaryDirectory: path.join(folder, 'spill'),
    ...more,
  }
  return openScratch(folder, options, stages)
}

const openScratch = async (folder: string, options: LakeOptions, stages: readonly Stage[]): Promise<ScratchLake> => {
  const lake = await openLake(options)
  await reconcile(lake, stages)
  return {
    lake,
    folder,
    options,
    reopen: () => openScratch(folder, options, stages),
    close: async () => {
      await lake.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A new database on the PostgreSQL that the test files share. */
export const scratchDatabase = async (): Promise<Extract<LakeOptions['catalog'], { kind: 'postgres' }>> => {
  const address = parsePostgresAddress(`postgres:${inject('catalogServer')}`)
  const database = `scratch_${randomUUID().replaceAll('-', '')}`
  const client = new Client({ ...address, password: address.password?.reveal() })
  await client.connect()
  await client.query(`CREATE DATABASE ${database}`)
  await client.end()
  return { kind: 'postgres', address: { ...address, database } }
}
