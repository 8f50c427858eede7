import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// Disks of CI machines take seconds to sync a file.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const run = promisify(execFile)
const repository = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..')
const cli = `console.log(JSON.stringify({ arguments: process.argv.slice(2), cwd: process.cwd() }))\n`
let project: string

/** A checkout in small: our bootstrap and compiler settings over a command line of one file, with the compiler installed. */
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'tributary-bootstrap-'))
  for (const folder of ['infra', 'worker', 'node_modules/.bin']) await mkdir(join(project, folder), { recursive: true })
  await cp(join(repository, 'infra', 'bootstrap.mjs'), join(project, 'infra', 'bootstrap.mjs'))
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) await cp(join(repository, name), join(project, name))
  await manifest({ node: '>=20.3 <25' })
  await writeFile(join(project, 'package-lock.json'), JSON.stringify({ packages: { '': {} } }))
  await writeFile(join(project, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: {} }))
  await symlink(join(repository, 'node_modules', '.bin', 'tsc'), join(project, 'node_modules', '.bin', 'tsc'))
  await symlink(join(repository, 'node_modules', '@types'), join(project, 'node_modules', '@types'))
  await writeFile(join(project, 'worker', 'cli.ts'), cli)
  await writeFile(join(project, 'infra', 'pinned.json'), '{"a":1}')
})

afterEach(() => rm(project, { recursive: true, force: true }))

const manifest = (engines: object) =>
  writeFile(join(project, 'package.json'), JSON.stringify({ name: 'small', version: '1.0.0', type: 'module', engines }))

const start = (...args: string[]) =>
  run(process.execPath, [join(project, 'infra', 'bootstrap.mjs'), ...args], { cwd: tmpdir() })

test('builds once, then hands over at once with the arguments, and builds again after a change', async () => {
  const first = await start('run', '--input', '{"a b":1}')
  expect(JSON.parse(first.stdout)).toEqual({ arguments: ['run', '--input', '{"a b":1}'], cwd: tmpdir() })
  expect(first.stderr).toBe('Building ...\n')
  expect(await readFile(join(project, 'dist', 'infra', 'pinned.json'), 'utf8')).toBe('{"a":1}')
  expect((await start('x')).stderr).toBe('')

  await writeFile(join(project, 'worker', 'cli.ts'), `console.log('changed')\n`)
  await writeFile(join(project, 'worker', 'old.ts'), 'export {}\n')
  expect((await start()).stdout).toBe('changed\n')
  await rm(join(project, 'worker', 'old.ts'))
  await start()
  await expect(readFile(join(project, 'dist', 'worker', 'old.js'))).rejects.toThrow('ENOENT')
})

test('two commands started together build once', async () => {
  const [one, two] = await Promise.all([start('1'), start('2')])
  const builds = `${one.stderr}${two.stderr}`.match(/Building/g) ?? []
  expect(builds).toHaveLength(1)
  expect([JSON.parse(one.stdout), JSON.parse(two.stdout)].map((each) => each.arguments[0])).toEqual(['1', '2'])
})

test('a set-up that was killed leaves no lock that matters', async () => {
  const killed = spawn(process.execPath, [join(project, 'infra', 'bootstrap.mjs')], { stdio: 'pipe' })
  await new Promise<void>((resolve) => killed.stderr.once('data', () => resolve()))
  killed.kill('SIGKILL')
  await new Promise((resolve) => killed.once('exit', resolve))
  expect((await start()).stdout).toContain('arguments')
})

test('code that does not compile is told, nothing of it is run, and the exit code is not 0', async () => {
  await writeFile(join(project, 'worker', 'cli.ts'), `const wrong: number = 'text'\nconsole.log(wrong)\n`)
  const failure = await start().catch((error: { code: number; stdout: string; stderr: string }) => error)
  expect(failure).toMatchObject({ code: 1, stdout: '' })
  expect(failure.stderr).toMatch(/TS2322[\s\S]*The build \(tsc\) failed/)
})

test('a Node out of range is told which one to install', async () => {
  await manifest({ node: '>=90.1 <91' })
  const failure = await start().catch((error: { code: number; stderr: string }) => error)
  expect(failure).toMatchObject({ code: 1 })
  expect(failure.stderr).toBe(
    `Tributary needs Node >=90.1 <91, and this is ${process.versions.node}: install Node 22\n`,
  )
})

/** Puts the real vitest and stand-ins of the static checks beside the compiler, and the script that CI calls. */
async function withTests(source: string, biomeExit = 0): Promise<void> {
  const bin = join(project, 'node_modules', '.bin')
  for (const [name, exit] of [
    ['biome', biomeExit],
    ['knip', 0],
  ] as const) {
    await writeFile(join(bin, name), `#!/bin/sh\nexit ${exit}\n`, { mode: 0o755 })
  }
  await symlink(join(repository, 'node_modules', 'vitest'), join(project, 'node_modules', 'vitest'))
  await symlink(join(repository, 'node_modules', '.bin', 'vitest'), join(bin, 'vitest'))
  const scripts = { test: 'exec node infra/bootstrap.mjs test' }
  const engines = { node: '>=20.3 <25' }
  const content = { name: 'small', version: '1.0.0', type: 'module', engines, scripts }
  await writeFile(join(project, 'package.json'), JSON.stringify(content))
  await mkdir(join(project, 'test'))
  await mkdir(join(project, '.ci'))
  await cp(join(repository, '.ci', 'run'), join(project, '.ci', 'run'))
  await writeFile(join(project, 'test', 'small.test.ts'), `import { expect, test } from 'vitest'\n${source}`)
}

test.each([
  ['test("a", () => expect(1).toBe(1))\ntest.skip("b", () => {})', 0, 0, '1 passed, 0 failed, 1 skipped'],
  ['test("a", () => expect(1).toBe(1))\ntest("b", () => expect(1).toBe(2))', 0, 1, '1 passed, 1 failed'],
  ['test("a", () => expect(1).toBe(1))\nthrow new Error("does not load")', 0, 1, '0 passed, 1 failed'],
  ['test.skip("a", () => expect(1).toBe(1))', 0, 1, '0 passed, 0 failed, 1 skipped'],
  ['test("a", () => expect(1).toBe(1))', 1, 1, '0 passed, 1 failed'],
])('CI ends with one line of what passed and failed: %j', async (source, biomeExit, code, line) => {
  await withTests(source, biomeExit)
  const ended = await run(join(project, '.ci', 'run')).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  )
  expect({ code: ended.code, line: ended.stdout.trimEnd().split('\n').at(-1) }).toEqual({ code, line })
})
