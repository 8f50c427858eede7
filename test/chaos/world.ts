import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import path from 'node:path'
import { Client } from 'pg'
import { type ArmedFailpoint, failpointText } from '../../infra/failpoint.js'
import { type Lake, type LakeOptions, openLake } from '../../infra/lake/lake.js'
import { reconcile } from '../../infra/lake/reconcile.js'
import { libpqString, type PostgresAddress } from '../../infra/postgres_address.js'
import { chaosStages, published } from './stages.js'

export const catalogKinds = ['postgres', 'file'] as const
export type CatalogKind = (typeof catalogKinds)[number]

/** What all worlds of a run share. */
export interface Machine {
  /** A PostgreSQL on which databases may be made. */
  readonly server: PostgresAddress
  readonly extensionDirectory: string
  /** The compiled writer.ts. */
  readonly writer: string
  /** The program of an S3 server, fetched where it is needed. */
  weed(): Promise<string>
  /** Where worlds keep their files. */
  readonly folder: string
}

/** A lake of its own, and what a process needs to be told to open it. */
export interface World {
  readonly kind: CatalogKind
  readonly folder: string
  readonly options: LakeOptions
  /** The environment of a process that works on this lake. */
  environment(failpoint?: ArmedFailpoint): Record<string, string>
  /** Opens the lake in this process. */
  open(options?: Partial<LakeOptions>): Promise<Lake>
  close(): Promise<void>
}

/** Data that is not in the world's own folder, and how a process is told of it. */
export interface Store {
  readonly data: LakeOptions['data']
  readonly environment: Readonly<Record<string, string>>
}

/** Found nowhere but in the configuration, unless something leaks. */
export const canary = 'canary-5f1d0c7e9b'

export const createWorld = async (machine: Machine, kind: CatalogKind, store?: Store): Promise<World> => {
  await mkdir(machine.folder, { recursive: true })
  const folder = await mkdtemp(path.join(machine.folder, 'world-'))
  const database = `chaos_${randomUUID().replaceAll('-', '')}`
  const address = { ...machine.server, database }
  if (kind === 'postgres') await administer(machine.server, `CREATE DATABASE ${database}`)
  const data = path.join(folder, 'data')
  const catalog = { kind: 'file', path: path.join(folder, 'catalog.ducklake') } as const
  const options: LakeOptions = {
    catalog: kind === 'file' ? catalog : { kind, address },
    data: store?.data ?? { kind: 'folder', path: data },
    extensionDirectory: machine.extensionDirectory,
    temporaryDirectory: path.join(folder, 'spill'),
    threads: 1,
  }
  return {
    kind,
    folder,
    options,
    environment: (failpoint) => ({
      PATH: '/usr/bin:/bin',
      HOME: folder,
      TRIBUTARY_HOME: folder,
      TRIBUTARY_DUCKDB_EXTENSIONS: machine.extensionDirectory,
      LAKE_CATALOG: kind === 'file' ? `file:${catalog.path}` : `postgres:${libpqString(address)}`,
      LAKE_DATA: data,
      HELIUS_API_KEY: canary,
      BIRDEYE_API_KEY: canary,
      ...store?.environment,
      ...(failpoint === undefined ? {} : { TRIBUTARY_FAILPOINT: failpointText(failpoint) }),
    }),
    open: async (given) => {
      const lake = await openLake({ ...options, ...given })
      if (given?.readOnly !== true) await reconcile(lake, [...chaosStages, published.stage])
      return lake
    },
    close: async () => {
      if (kind === 'postgres') await administer(machine.server, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const administer = async (server: PostgresAddress, sql: string): Promise<void> => {
  const { host, port, user, database, password } = server
  const client = new Client({ host, port, user, database, password: password?.reveal() })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The Parquet files below a world's data folder. */
export const parquetFiles = async ({ folder }: Pick<World, 'folder'>): Promise<string[]> => {
  const data = path.join(folder, 'data')
  const names = await readdir(data, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.parquet')).map((name) => path.join(data, name))
}

/** Makes files look as if they had been written two days ago, so that a sweep with its own age takes what nobody refers to. */
export const age = async (files: readonly string[]): Promise<void> => {
  const then = new Date(Date.now() - 2 * 86_400_000)
  await Promise.all(files.map((file) => utimes(file, then, then)))
}
