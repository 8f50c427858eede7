import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InvalidInput } from '../../infra/errors.js'
import { identify, isAlive, waitForExit } from '../../infra/process_identity.js'
import { acquireLock } from '../../infra/process_lock.js'
import { homeHolder, lockHome } from '../../infra/stack/home_lock.js'
import { freePort } from '../../infra/stack/port.js'
import { ProcessRegistry } from '../../infra/stack/process_registry.js'
import { dyingWithUs } from '../../infra/stack/run_as.js'
import { startServer, untilReady } from '../../infra/stack/server_process.js'

// Disks of CI machines take seconds to sync a file.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let home: string
const children: ChildProcess[] = []

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tributary-stack-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(home, { recursive: true, force: true })
})

function sleeper(): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  children.push(child)
  if (child.pid === undefined) throw new Error('sleep did not start')
  return Object.assign(child, { pid: child.pid })
}

function identityOf(pid: number) {
  const identity = identify(pid)
  if (!identity) throw new Error(`there is no process ${pid}`)
  return identity
}

/** Writes the lock file as another process would have. */
async function heldBy(holder: { pid: number; started: string }, number = 1): Promise<void> {
  await writeFile(
    join(home, `up.${number}.lock`),
    JSON.stringify({ ...holder, details: { api: 'http://127.0.0.1:8300' } }),
  )
}

describe('the lock of a home', () => {
  test('refuses a second holder, naming the first and where it listens', async () => {
    const other = identityOf(sleeper().pid)
    await heldBy(other)
    await expect(lockHome(home)).rejects.toThrow(InvalidInput)
    await expect(lockHome(home)).rejects.toThrow(new RegExp(`process ${other.pid} \\(api http://127.0.0.1:8300\\)`))
  })

  test('of a dead process is taken over', async () => {
    const child = sleeper()
    const dead = identityOf(child.pid)
    child.kill('SIGKILL')
    await waitForExit(dead, 5_000)
    await heldBy(dead)
    await lockHome(home)
    expect((await homeHolder(home))?.pid).toBe(process.pid)
  })

  test('of a process whose pid was given to another is taken over', async () => {
    await heldBy({ pid: sleeper().pid, started: 'another boot/1' })
    await lockHome(home)
    expect((await homeHolder(home))?.pid).toBe(process.pid)
  })

  test('is free again after its release, and tells what was published before', async () => {
    const lock = await lockHome(home)
    await lock.publish({ temporal: '127.0.0.1:7233' })
    expect((await homeHolder(home))?.details).toEqual({ temporal: '127.0.0.1:7233' })
    await lock.release()
    expect(await homeHolder(home)).toBeUndefined()
    await lockHome(home)
    expect((await readdir(home)).filter((name) => name.endsWith('.lock'))).toHaveLength(1)
  })

  test('goes to one of many who want a stale one at once', async () => {
    for (let round = 1; round <= 20; round += 1) {
      await rm(home, { recursive: true })
      home = await mkdtemp(join(tmpdir(), 'tributary-stack-'))
      await heldBy({ pid: process.pid, started: 'another boot/1' }, round)
      const results = await Promise.all(Array.from({ length: 8 }, () => acquireLock(home, 'up')))
      expect(results.filter((result) => 'lock' in result)).toHaveLength(1)
    }
  })
})

describe('a port', () => {
  test('that is taken moves to the next free one', async () => {
    const server = createServer()
    const taken = await freePort(23_400)
    await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve))
    const moved = await freePort(taken)
    expect(moved).toBeGreaterThan(taken)
    expect(await freePort(taken - 1, [1])).toBeGreaterThan(taken - 1)
    await new Promise((resolve) => server.close(resolve))
    expect(await freePort(taken)).toBe(taken)
  })
})

describe('a server process', () => {
  const command = (script: string) => ({
    name: 'Server',
    command: '/bin/sh',
    args: ['-c', script],
    cwd: home,
    logFile: join(home, 'logs', 'server.log'),
    registry: new ProcessRegistry(home),
    stopSignal: 'SIGTERM' as const,
    graceMs: 500,
  })

  test('that will not stop is made to', async () => {
    const server = await startServer(command(`trap '' TERM; echo up; while :; do sleep 0.05; done`))
    await untilReady(server, 5_000, async () => (await readFile(server.logFile, 'utf8')).includes('up'))
    const identity = identityOf(server.pid)
    await server.stop()
    expect(isAlive(identity)).toBe(false)
    expect(await readFile(join(home, 'processes.json'), 'utf8')).toBe('[]')
  })

  test('that ends while starting is told with the end of its log', async () => {
    const server = await startServer(command('sleep 0.2; echo port in use; exit 3'))
    await expect(untilReady(server, 5_000, async () => false)).rejects.toThrow(/exit 3[\s\S]*port in use/)
  })

  test('that never gets ready is stopped', async () => {
    const server = await startServer(command('exec sleep 60'))
    await expect(untilReady(server, 100, async () => false)).rejects.toThrow(/not ready after 0.1 s/)
    expect(identify(server.pid)).toBeUndefined()
  })

  test('does not get our environment, nor our Ctrl-C', async () => {
    process.env['BIRDEYE_API_KEY'] = 'sesame'
    const server = await startServer(command('env; exec sleep 60'))
    await untilReady(server, 5_000, async () => (await readFile(server.logFile, 'utf8')).includes('PATH='))
    expect(await readFile(server.logFile, 'utf8')).not.toContain('sesame')
    process.kill(-server.pid, 0)
    await server.stop()
    delete process.env['BIRDEYE_API_KEY']
  })

  test.runIf(process.platform === 'linux')('dies with an owner that was killed', async () => {
    const prefix = await dyingWithUs('TERM')
    const owner = spawn(
      process.execPath,
      [
        '-e',
        `const c = require('child_process').spawn(process.argv[1], process.argv.slice(2), { detached: true, stdio: 'ignore' }); console.log(c.pid); setInterval(() => {}, 1000)`,
        ...prefix,
        'sleep',
        '60',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const line = await new Promise<string>((resolve) => owner.stdout.once('data', (data) => resolve(String(data))))
    const child = identityOf(Number(line))
    await expect.poll(() => readFile(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n')
    owner.kill('SIGKILL')
    expect(await waitForExit(child, 5_000)).toBe(true)
  })
})

test('what a killed run left is stopped by the next one, and nothing else is', async () => {
  const [stray, other] = [sleeper(), sleeper()]
  const registry = new ProcessRegistry(home)
  await registry.add({ name: 'PostgreSQL', ...identityOf(stray.pid), stopSignal: 'SIGINT' })
  await registry.add({ name: 'Temporal', pid: other.pid, started: 'another boot/1', stopSignal: 'SIGTERM' })
  const lines: string[] = []
  expect(await new ProcessRegistry(home).stopStrays((line) => lines.push(line))).toEqual(['PostgreSQL'])
  expect(lines).toEqual([`stopping PostgreSQL (pid ${stray.pid}), left by an earlier run`])
  expect(identify(stray.pid)).toBeUndefined()
  expect(identify(other.pid)).toBeDefined()
  expect(existsSync(join(home, 'processes.json'))).toBe(true)
})
