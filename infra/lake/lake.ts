import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Failpoint, noFailpoint } from '../failpoint.js'
import type { CatalogConfig, DataConfig } from '../resources.js'
import { attachLake, loadExtensions } from './attachment.js'
import type { CommitWatch } from './commit_watch.js'
import { CommittedKeys } from './committed_keys.js'
import { Session } from './session.js'
import { StageLocks } from './stage_locks.js'

export interface LakeOptions {
  readonly catalog: Exclude<CatalogConfig, { kind: 'embedded' }>
  readonly data: DataConfig
  /** The folder DuckDB looks for its extensions in, as provisioned. */
  readonly extensionDirectory: string
  /** Where DuckDB spills; removed by nobody else while the process lives. */
  readonly temporaryDirectory: string
  readonly memoryLimitGiB?: number
  readonly threads?: number
  readonly readOnly?: boolean
  /** Whether data files are encrypted; decided when the catalog is created. Absent: as it is, and in a new one they are not. */
  readonly encrypted?: boolean
  /** How long a commit waits for another process's commit to its stage before it is tried all the same; 30 s by default. */
  readonly lockTimeoutMs?: number
  /** Where a fault test stops this process; nowhere by default. */
  readonly failpoint?: Failpoint
  /** Sees the commits of this process; nobody does by default. */
  readonly commitWatch?: CommitWatch
  /** A snapshot's number or a time: the lake as it was then, to be read. */
  readonly at?: string
}

/** The attached DuckLake: one DuckDB instance of this process, a connection for every piece of work. */
export interface Lake {
  /** Runs `work` on a connection of its own, closed afterwards. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Runs `work` when no other holder of the same stage does: a queue in this process, an advisory lock between processes. */
  exclusively<T>(stage: string, work: () => Promise<T>): Promise<T>
  readonly committedKeys: CommittedKeys
  /** Where DuckDB spills, and a step may put files for the time it runs. */
  readonly temporaryDirectory: string
  /** To be awaited at each named place; it returns at once where no fault test is at work. */
  readonly failpoint: Failpoint
  /** Absent: nobody watches. */
  readonly commitWatch?: CommitWatch
  close(): Promise<void>
}

/**
 * Opens the lake, creating an empty catalog where there is none; processes that do so at once take turns. Only one `Lake` may be
 * open on a file catalog, in all processes together.
 */
export const openLake = async (options: LakeOptions): Promise<Lake> => {
  await mkdir(options.temporaryDirectory, { recursive: true })
  if (options.data.kind === 'folder') await mkdir(options.data.path, { recursive: true })
  if (options.catalog.kind === 'file') await mkdir(path.dirname(options.catalog.path), { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', {
    extension_directory: options.extensionDirectory,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    temp_directory: options.temporaryDirectory,
    ...(options.memoryLimitGiB === undefined ? {} : { memory_limit: `${options.memoryLimitGiB}GiB` }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  })
  const session = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const connection = await instance.connect()
    try {
      return await work(new Session(connection))
    } finally {
      connection.closeSync()
    }
  }
  const locks = new StageLocks(
    options.catalog.kind === 'postgres' ? options.catalog.address : undefined,
    options.lockTimeoutMs,
  )
  const attach = () =>
    session(async (first) => {
      await loadExtensions(first, options)
      await attachLake(first, options)
    })
  try {
    // Two processes that both find a new catalog empty would both lay it out, and one would fail.
    await (options.readOnly === true ? attach() : locks.hold('attach', attach))
  } catch (error) {
    await locks.close()
    instance.closeSync()
    throw error
  }
  return {
    session,
    committedKeys: new CommittedKeys(),
    temporaryDirectory: options.temporaryDirectory,
    failpoint: options.failpoint ?? noFailpoint,
    ...(options.commitWatch === undefined ? {} : { commitWatch: options.commitWatch }),
    exclusively: (stage, work) => locks.hold(stage, work),
    async close() {
      await locks.close()
      instance.closeSync()
    },
  }
}
