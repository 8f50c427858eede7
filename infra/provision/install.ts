import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SourceChanged, SourceUnavailable } from '../errors.js'
import { withLock } from '../process_lock.js'
import { readStamp, sha256Of, writeStamp } from './checksum.js'
import type { LockedTool, ToolBuild } from './lock_file.js'
import { reasonOf, type Source } from './source.js'

/** What to install, where, and what to tell when no source has it. */
export interface Installation {
  name: string
  tool: LockedTool
  build: ToolBuild
  path: string
  sources: Source[]
  /** The last line of a failure: what the user can do by hand. */
  advice: string
  log: (line: string) => void
}

/**
 * The source the file at `path` came from, after fetching it when it is not there. The file appears whole and
 * checked, or not at all; several processes may ask at once, and one of them fetches.
 * Throws SourceUnavailable (or SourceChanged, when every source answered with something else) naming each source.
 */
export async function ensureInstalled(installation: Installation): Promise<string> {
  const cached = await cachedSource(installation)
  if (cached !== undefined) return cached
  const folder = dirname(installation.path)
  await mkdir(folder, { recursive: true })
  return withLock(folder, basename(installation.path), async () => {
    return (await cachedSource(installation)) ?? fetchFromAny(installation)
  })
}

async function cachedSource({ build, path, name, log }: Installation): Promise<string | undefined> {
  const found = await readStamp(path)
  if (found) return found.sha256 === build.sha256 ? found.source : undefined
  const present = await stat(path).catch(() => undefined)
  if (!present) return undefined
  if (present.size === build.bytes && (await sha256Of(path)) === build.sha256) {
    await writeStamp(path, build.sha256, 'cache')
    return 'cache'
  }
  log(`${name}: the cached file is not the pinned one; fetching it again`)
  return undefined
}

async function fetchFromAny(installation: Installation): Promise<string> {
  const { name, tool, sources, log } = installation
  const failures: unknown[] = []
  const lines: string[] = []
  for (const source of sources) {
    log(`${name} ${tool.version}: fetching from ${source.label}`)
    try {
      await fetchFrom(source, installation)
      log(`${name} ${tool.version}: ready`)
      return source.label
    } catch (error) {
      failures.push(error)
      lines.push(`${source.label}: ${reasonOf(error)}`)
      log(`${name} ${tool.version}: ${lines.at(-1)}`)
    }
  }
  const message = [`${name} ${tool.version} could not be had from any source:`, ...lines, installation.advice].join(
    '\n  ',
  )
  const cause = new AggregateError(failures, `${failures.length} sources failed`)
  const changed = failures.length > 0 && failures.every((failure) => failure instanceof SourceChanged)
  throw changed ? new SourceChanged(message, { cause }) : new SourceUnavailable(message, undefined, { cause })
}

async function fetchFrom(source: Source, { build, path }: Installation): Promise<void> {
  const folder = await mkdtemp(join(dirname(path), '.fetch-'))
  try {
    const draft = join(folder, 'binary')
    const actual = await writeHashed(await source.open(folder), draft, build.bytes)
    if (actual !== build.sha256) {
      throw new SourceChanged(`its binary has SHA-256 ${actual}, and ${build.sha256} is pinned`)
    }
    await chmod(draft, 0o755)
    await rename(draft, path)
    await writeStamp(path, actual, source.label)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes and syncs, so that a power cut after the rename leaves no hollow file. Stops at more bytes than are pinned. */
async function writeHashed(chunks: AsyncIterable<Buffer>, path: string, expectedBytes: number): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > expectedBytes) throw new SourceChanged(`its binary is larger than the ${expectedBytes} bytes pinned`)
      hash.update(chunk)
      await file.write(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
