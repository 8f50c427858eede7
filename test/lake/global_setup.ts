import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadConfig } from '../../infra/config.js'
import { libpqString } from '../../infra/postgres_address.js'
import { provisionExtensions } from '../../infra/provision/provision.js'
import { freePort } from '../../infra/stack/port.js'
import { startPostgres } from '../../infra/stack/postgres.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { testPort } from './test_port.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the PostgreSQL that all test files of a project share; each makes databases of its own. */
    catalogServer: string
    extensionDirectory: string
  }
}

/** A real PostgreSQL and DuckDB's extensions, once for all files of a project. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-postgres-'))
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const { directory } = await provisionExtensions({ cacheDir, overrides: tools, log })
  const server = await startPostgres({
    folder: path.join(folder, 'postgres'),
    port: await freePort(testPort(15_433)),
    logFile: path.join(folder, 'postgres.log'),
    registry: new ProcessRegistry(folder),
    log: () => undefined,
  })
  project.provide('catalogServer', libpqString(server.address))
  project.provide('extensionDirectory', directory)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
