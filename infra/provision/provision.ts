import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import type { ToolOverrides } from '../config.js'
import { InvalidInput } from '../errors.js'
import { ensureInstalled } from './install.js'
import {
  duckdbPlatform,
  EXTENSIONS,
  type ExtensionName,
  type LockedTool,
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
  return provisionOne(name, { ...options, lock, platform: options.platform ?? platformName() })
}

/** DuckDB's extensions of the one version that fits the engine, in the layout DuckDB looks for. */
export async function provisionExtensions(
  options: ProvisionOptions,
  names: readonly ExtensionName[] = EXTENSIONS,
): Promise<ProvisionedExtensions> {
  const lock = options.lock ?? readToolLock()
  const platform = options.platform ?? platformName()
  const directory = options.overrides.duckdbExtensions ?? join(options.cacheDir, 'duckdb')
  const extensions = await Promise.all(names.map((name) => provisionOne(name, { ...options, lock, platform })))
  return { directory, extensions }
}

/** Where the cache keeps a tool; DuckDB looks for its extensions in a layout of its own. */
export function cachePath(name: ToolName, cacheDir: string, tool: LockedTool, platform: string): string {
  return tool.kind === 'extension'
    ? extensionPath(join(cacheDir, 'duckdb'), tool, platform)
    : join(cacheDir, 'tools', name, tool.version, platform, tool.file)
}

/** The user's own copy of a tool, if the configuration names one. */
export function ownPath(name: ToolName, own: ToolOverrides, lock: ToolLock, platform: string): string | undefined {
  if (name === 'temporal-cli') return own.temporalCli
  if (name === 'temporal-test-server') return own.temporalTestServer
  if (name === 'weed') return own.weed
  if (name === 'chromium') return own.chromium
  const tool = lock.tools[name]
  return own.duckdbExtensions && tool && extensionPath(own.duckdbExtensions, tool, platform)
}

function extensionPath(directory: string, tool: LockedTool, platform: string): string {
  return join(directory, `v${tool.version}`, duckdbPlatform(platform), tool.file)
}

interface ResolvedOptions extends ProvisionOptions {
  lock: ToolLock
  platform: string
}

async function provisionOne(name: ToolName, options: ResolvedOptions): Promise<Provisioned> {
  const own = ownPath(name, options.overrides, options.lock, options.platform)
  if (own !== undefined) return useOwn(name, own, options.lock)
  const { tool, build } = pinnedBuild(options.lock, name, options.platform)
  const path = cachePath(name, options.cacheDir, tool, options.platform)
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

async function useOwn(name: ToolName, path: string, lock: ToolLock): Promise<Provisioned> {
  const variable = overrideVariable(name)
  const mode = lock.tools[name]?.kind === 'extension' ? constants.R_OK : constants.X_OK
  await access(path, mode).catch((cause) => {
    const what = mode === constants.X_OK ? 'an executable file' : 'a readable file'
    throw new InvalidInput(`${variable}: ${path} is not ${what}; give the path of ${name}, or unset ${variable}`, {
      cause,
    })
  })
  const version = lock.tools[name]?.version ?? 'unknown'
  return { name, version, path, source: variable, sha256: undefined }
}
