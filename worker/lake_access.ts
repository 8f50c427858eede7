import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Config } from '../infra/config.js'
import { InvalidInput } from '../infra/errors.js'
import type { CommitWatch } from '../infra/lake/commit_watch.js'
import { type Lake, type LakeOptions, openLake } from '../infra/lake/lake.js'
import { present } from '../infra/optional.js'
import { provisionExtensions } from '../infra/provision/provision.js'

/** DuckDB spills past this; the rest of the machine is PostgreSQL's, Temporal's, Node's and the user's. */
const usualMemoryShare = 0.4

type Attached = LakeOptions['catalog']

interface LakeAccess {
  readonly readOnly: boolean
  readonly at?: string
  readonly encrypted?: boolean
  /** Of the machine's memory; for a process that shares it with another one of ours. */
  readonly memoryShare?: number
  /** Where a process opens a second lake, the name of its own folder to spill into. */
  readonly spill?: string
  /** Sees the commits of this process. */
  readonly commitWatch?: CommitWatch
  readonly log: (line: string) => void
}

/** Opens the configured lake. The catalog must be one that can be attached: the built-in one is given as its address. */
export const openConfiguredLake = async (
  config: Config,
  catalog: Attached,
  { log, memoryShare = usualMemoryShare, spill, ...how }: LakeAccess,
): Promise<Lake> => {
  const { directory } = await provisionExtensions({ cacheDir: config.cacheDir, overrides: config.tools, log })
  const temporaryDirectory = path.join(
    config.home,
    'spill',
    spill === undefined ? String(process.pid) : `${process.pid}-${spill}`,
  )
  const lake = await openLake({
    catalog,
    data: config.data,
    ...present({ encrypted: config.encrypted }),
    extensionDirectory: directory,
    temporaryDirectory,
    memoryLimitGiB: Math.max(1, Math.floor((os.totalmem() / 1024 ** 3) * memoryShare)),
    failpoint: config.failpoint,
    ...how,
  })
  return {
    ...lake,
    close: async () => {
      await lake.close()
      await rm(temporaryDirectory, { recursive: true, force: true })
    },
  }
}

/** The catalog a process without a local stack of its own attaches. */
export const standaloneCatalog = ({ catalog }: Config): Attached => {
  if (catalog.kind !== 'embedded') return catalog
  throw new InvalidInput(
    'LAKE_CATALOG is not set: a process on its own needs postgres:... (a worker also file:PATH); `npx tributary up` starts all with the built-in PostgreSQL',
  )
}
