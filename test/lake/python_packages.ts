import { execFile } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const installTimeoutMs = 120_000

/**
 * Packages of PyPI, `name==version` with what they need, installed once below `folder` with the machine's own pip. Resolves to the
 * environment of a Python that finds them, or to the reason where they cannot be had.
 */
export const pythonPackages = async (
  folder: string,
  wanted: readonly string[],
): Promise<{ env: NodeJS.ProcessEnv } | string> => {
  const tag = await run('python3', ['-c', 'import sys; print(sys.implementation.cache_tag)']).catch(() => undefined)
  if (tag === undefined) return 'python3 is not here'
  const packages = path.join(folder, `${wanted.join('-').replaceAll('==', '-')}-${tag.stdout.trim()}`)
  const failure = await install(packages, wanted).catch((error: Error) => error.message)
  if (failure !== undefined) return `pip installs no ${wanted.join(', ')}: ${failure.split('\n').slice(0, 3).join(' ')}`
  return { env: { ...process.env, PYTHONPATH: packages } }
}

/** Into a folder of its own and renamed, so that an interrupted one is not taken for whole. */
const install = async (packages: string, wanted: readonly string[]): Promise<undefined> => {
  if (await stat(packages).catch(() => undefined)) return
  const draft = `${packages}.${process.pid}.draft`
  await mkdir(path.dirname(packages), { recursive: true })
  try {
    const options = ['--quiet', '--only-binary', ':all:', '--target', draft]
    await run('python3', ['-m', 'pip', 'install', ...options, ...wanted], { timeout: installTimeoutMs })
    await rename(draft, packages)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
