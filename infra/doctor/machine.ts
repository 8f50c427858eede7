import { access, constants, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Config } from '../config.js'
import { platformName, readToolLock } from '../provision/lock_file.js'
import { homeHolder } from '../stack/home_lock.js'
import { freePort } from '../stack/port.js'
import { attempt, type Finding, finding } from './finding.js'

/** Node, the platform, the folders to write to, and the dashboard's port. */
export async function inspectMachine(config: Config): Promise<Finding[]> {
  return Promise.all([
    attempt('node', () => inspectNode(config)),
    inspectPlatform(),
    attempt('home', () => inspectFolder('home', config.home)),
    attempt('cache', () => inspectFolder('cache', config.cacheDir)),
    attempt('port', () => inspectPort(config)),
  ])
}

async function inspectNode({ projectRoot }: Config): Promise<Finding> {
  const manifest = z.object({ engines: z.object({ node: z.string() }) })
  const { engines } = manifest.parse(JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')))
  const fields = { version: process.versions.node, path: process.execPath }
  const [, low = '0.0', high = '999'] = /^>=([\d.]+) <(\d+)$/.exec(engines.node) ?? []
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [lowMajor = 0, lowMinor = 0] = low.split('.').map(Number)
  const fits = (major > lowMajor || (major === lowMajor && minor >= lowMinor)) && major < Number(high)
  return fits
    ? finding('node', 'ok', fields)
    : finding('node', 'wrong', { ...fields, advice: `install Node ${engines.node}` })
}

async function inspectPlatform(): Promise<Finding> {
  const platform = platformName()
  const supported = Object.keys(readToolLock().tools['temporal-cli']?.platforms ?? {})
  if (supported.includes(platform)) return finding('platform', 'ok', { version: platform })
  const advice = `there are pinned tools for ${supported.join(', ')}: install the others by hand and set TRIBUTARY_TEMPORAL_CLI, TRIBUTARY_DUCKDB_EXTENSIONS and LAKE_CATALOG`
  return finding('platform', 'wrong', { version: platform, advice })
}

/** A folder is fine when it can be written, or its nearest existing ancestor can. */
export async function inspectFolder(name: string, path: string): Promise<Finding> {
  let existing = path
  while (!(await stat(existing).catch(() => undefined)) && existing !== dirname(existing)) existing = dirname(existing)
  const isFolder = (await stat(existing)).isDirectory()
  const writable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!isFolder)
    return finding(name, 'wrong', { path, advice: `${existing} is a file: remove it or choose another path` })
  if (!writable)
    return finding(name, 'wrong', { path, advice: `${existing} cannot be written: change its owner or mode` })
  return finding(name, 'ok', { path, ...(existing === path ? {} : { advice: 'it is made at the first start' }) })
}

async function inspectPort({ api, home }: Config): Promise<Finding> {
  const holder = await homeHolder(home)
  const fields = { path: `${api.host}:${api.port}` }
  if (holder) return finding('port', 'ok', { ...fields, advice: `process ${holder.pid} runs this home` })
  const port = api.port === 0 ? 0 : await freePort(api.port)
  if (port === api.port) return finding('port', 'ok', fields)
  return finding('port', 'ok', { ...fields, advice: `it is taken: the dashboard will listen on ${port}` })
}
