import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { InvalidInput } from '../errors.js'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const wheel = z.object({ file: z.string(), tag: z.string(), sha256, member: z.string() })
const download = z.discriminatedUnion('format', [
  z.object({ url: z.url(), format: z.literal('tar.gz'), member: z.string() }),
  z.object({ url: z.url(), format: z.literal('gz') }),
])
const build = z.object({
  sha256,
  bytes: z.int().positive(),
  wheel: wheel.optional(),
  downloads: z.array(download),
})
const tool = z.object({
  version: z.string(),
  kind: z.enum(['program', 'extension']),
  file: z.string(),
  wheelPackage: z.string().optional(),
  npmPackage: z.string().optional(),
  platforms: z.partialRecord(z.enum(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']), build),
  unpinned: z.record(z.string(), z.string()).optional(),
})
const lockFile = z.object({ note: z.string(), tools: z.record(z.string(), tool) })

/** One build of a tool: the SHA-256 of its unpacked binary, and every place it can be had from. */
export type ToolBuild = z.infer<typeof build>
export type ToolLock = z.infer<typeof lockFile>
export type LockedTool = z.infer<typeof tool>
export type Wheel = z.infer<typeof wheel>
export type Download = z.infer<typeof download>

export type ProgramName = 'temporal-cli' | 'temporal-test-server' | 'weed' | 'chromium'
export type ExtensionName = 'ducklake' | 'httpfs' | 'postgres_scanner' | 'aws' | 'delta'
export type ToolName = ProgramName | ExtensionName
/** What every lake may need; `delta` is fetched for the import of a Delta table only. */
export const EXTENSIONS: readonly ExtensionName[] = ['ducklake', 'httpfs', 'postgres_scanner', 'aws']

/** The pinned tools, as infra/tools.lock.json has them. */
export function readToolLock(url: URL = new URL('../tools.lock.json', import.meta.url)): ToolLock {
  return lockFile.parse(JSON.parse(readFileSync(url, 'utf8')))
}

/** The name of this machine in the lock file, `linux-x64` for one. */
export function platformName(platform: string = process.platform, arch: string = process.arch): string {
  return `${platform}-${arch}`
}

/** The tool's pinned build for a platform. Throws InvalidInput naming what to install where there is none. */
export function pinnedBuild(lock: ToolLock, name: ToolName, platform: string): { tool: LockedTool; build: ToolBuild } {
  const tool = lock.tools[name]
  if (!tool) throw new InvalidInput(`${name} is not in infra/tools.lock.json: add it, pinned by version and SHA-256`)
  const build = Object.entries(tool.platforms).find(([key]) => key === platform)?.[1]
  if (build) return { tool, build }
  const reason =
    tool.unpinned?.[platform] ?? `install ${name} ${tool.version} by hand and set ${overrideVariable(name)}`
  throw new InvalidInput(
    `${name} ${tool.version} has no pinned build for ${platform} (there is one for ${Object.keys(tool.platforms).join(', ')}): ${reason}`,
  )
}

/** The variable by which a user points to an own copy of the tool. */
export function overrideVariable(name: ToolName): string {
  if (name === 'temporal-cli') return 'TRIBUTARY_TEMPORAL_CLI'
  if (name === 'chromium') return 'TRIBUTARY_CHROMIUM'
  if (name === 'temporal-test-server') return 'TRIBUTARY_TEMPORAL_TEST_SERVER'
  return name === 'weed' ? 'TRIBUTARY_WEED' : 'TRIBUTARY_DUCKDB_EXTENSIONS'
}

/** DuckDB's own name of a platform: the folder below `extension_directory/vX.Y.Z`. */
export function duckdbPlatform(platform: string): string {
  return platform.replace('darwin', 'osx').replace('-x64', '_amd64').replace('-arm64', '_arm64')
}
