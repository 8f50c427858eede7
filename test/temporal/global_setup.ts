import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode } from '@temporalio/worker'
import type { TestProject } from 'vitest/node'
import { loadConfig } from '../../infra/config.js'
import { provision } from '../../infra/provision/provision.js'
import { freePort } from '../../infra/stack/port.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { startTemporalServer } from '../../infra/stack/temporal_server.js'
import { domains } from '../domains.js'
import lakeSetup from '../lake/global_setup.js'
import { testPort } from '../lake/test_port.js'

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string
    /** Each domain's workflows, bundled from source, by the domain's name. */
    bundles: Record<string, string>
  }
}

/** On top of the lake's: a real Temporal dev server and the workflow bundle, once for all files of the project. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const closeLake = await lakeSetup(project)
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-temporal-'))
  const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const { path: program } = await provision('temporal-cli', { cacheDir, overrides: tools, log })
  const server = await startTemporalServer({
    program,
    databaseFile: path.join(folder, 'temporal.db'),
    port: await freePort(testPort(17_233)),
    uiPort: await freePort(testPort(18_233)),
    logFile: path.join(folder, 'temporal.log'),
    registry: new ProcessRegistry(folder),
  })
  const bundles: Record<string, string> = {}
  for (const { name } of domains) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL(`../../workflows/${name}/index.ts`, import.meta.url)),
      workflowInterceptorModules: [fileURLToPath(new URL('../../workflows/run_watch.ts', import.meta.url))],
      logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.error, error: console.error },
    })
    bundles[name] = path.join(folder, `${name}.js`)
    await writeFile(bundles[name], code)
  }
  project.provide('temporalAddress', server.address)
  project.provide('bundles', bundles)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
    await closeLake()
  }
}
