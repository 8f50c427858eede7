import path from 'node:path'
import type { Config } from '../../infra/config.js'
import { openReadOnlyQueries, type ReadOnlyQueries } from '../../infra/lake/read_only_query.js'
import { provisionExtensions } from '../../infra/provision/provision.js'
import { standaloneCatalog } from '../lake_access.js'

/** Queries of strangers over the configured lake. Their process starts with the first one. */
export const openConfiguredQueries = async (config: Config, log: (line: string) => void): Promise<ReadOnlyQueries> => {
  const { directory } = await provisionExtensions({ cacheDir: config.cacheDir, overrides: config.tools, log })
  return openReadOnlyQueries({
    catalog: standaloneCatalog(config),
    data: config.data,
    extensionDirectory: directory,
    temporaryDirectory: path.join(config.home, 'spill', `${process.pid}-queries`),
  })
}
