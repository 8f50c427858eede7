#!/usr/bin/env node
/**
 * Makes a checkout runnable and runs it: installs node_modules and builds dist/ when they are missing or out of date,
 * then hands over to the command line in this very process. Plain JavaScript: nothing is installed when it starts.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const dist = join(root, 'dist')
const installStamp = join(modules, '.tributary-install')
const buildStamp = join(dist, '.build')
const SOURCE_FOLDERS = ['activities', 'infra', 'schemas', 'worker', 'workflows']
const BUILD_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
// A slow network may take this long to install; a lock older than that belongs to nobody.
const LOCK_TIMEOUT_MS = 60 * 60_000

class SetupFailure extends Error {}

function say(line) {
  process.stderr.write(`${line}\n`)
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [, low, high] = /^>=([\d.]+) <(\d+)$/.exec(engines.node) ?? []
  const isBelow = (version, limit) => {
    const [a, b] = [version, limit].map((text) => text.split('.').map(Number))
    return a[0] !== b[0] ? a[0] < b[0] : a[1] < (b[1] ?? 0)
  }
  if (low && (isBelow(process.versions.node, low) || !isBelow(process.versions.node, high))) {
    throw new SetupFailure(
      `Tributary needs Node ${engines.node}, and this is ${process.versions.node}: install Node 22`,
    )
  }
}

function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

function filesBelow(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The install is named by what decides it: the lock file and what native packages are chosen by. */
function installHash() {
  return `${hashOf([join(root, 'package-lock.json')])} ${process.platform}-${process.arch}`
}

function buildHash() {
  const sources = SOURCE_FOLDERS.flatMap((folder) => filesBelow(join(root, folder)))
  return hashOf([...sources, ...BUILD_FILES.map((name) => join(root, name))])
}

/** Whether node_modules, filled by the user's own `npm ci`, is what the lock file says. */
function installedByHand() {
  const hidden = join(modules, '.package-lock.json')
  if (!existsSync(hidden) || existsSync(installStamp)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true
    return found[path] ? found[path].version === version && existsSync(join(root, path)) : optional === true
  })
}

/** Runs a program to its end with our terminal; its output goes to stderr during set-up, so that stdout stays the command's. */
function run(command, args, { stdout = 2, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['inherit', stdout, 2], env })
    // A terminal sends Ctrl-C to the child as well: passing it on would make it two.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const done = (finish, value) => {
      for (const signal of signals) process.off(signal, forward)
      finish(value)
    }
    child.once('error', (error) => done(reject, new SetupFailure(`${command} cannot be run: ${error.message}`)))
    child.once('close', (code, signal) => done(resolve, code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

async function runOrFail(what, command, args) {
  const code = await run(command, args)
  if (code !== 0) throw new SetupFailure(`${what} failed (exit ${code}); its output is above`)
}

async function install() {
  if (textOf(installStamp) === installHash()) return
  if (!installedByHand()) {
    say('Installing packages (npm ci); once, and after each change of package-lock.json ...')
    // Without scripts on purpose: no package needs one here, and npm 10 and 11 then do the same.
    const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
    await runOrFail('npm ci', 'npm', [...args, '--loglevel=error'])
  }
  writeFileSync(installStamp, installHash())
}

/** Compiles into a new folder, with the files that tsc leaves out (JSON, and what browsers load) and the workflow bundles. */
async function compile(project, folder) {
  rmSync(folder, { recursive: true, force: true })
  const output = ['--outDir', folder, '--tsBuildInfoFile', join(folder, '.tsbuildinfo')]
  await runOrFail('The build (tsc)', join(modules, '.bin', 'tsc'), ['-p', project, ...output])
  for (const path of SOURCE_FOLDERS.flatMap((source) => filesBelow(join(root, source)))) {
    if (/\.(json|css)$|assets\/\w+\.mjs$/.test(path))
      cpSync(path, join(folder, path.slice(root.length)), { recursive: true })
  }
  const bundles = join(folder, 'worker', 'build_bundles.js')
  if (existsSync(bundles)) await runOrFail('Bundling the workflows', process.execPath, [bundles])
}

/** Builds beside and swaps, so that a running command keeps reading one whole build, and nothing deleted stays behind. */
async function build() {
  const hash = buildHash()
  if (textOf(buildStamp) === hash) return
  say('Building ...')
  const next = join(root, 'dist.next')
  const old = join(root, 'dist.old')
  rmSync(old, { recursive: true, force: true })
  await compile('tsconfig.build.json', next)
  writeFileSync(join(next, '.build'), hash)
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(next, dist)
  rmSync(old, { recursive: true, force: true })
}

const lockPath = join(
  tmpdir(),
  `tributary-setup-${userInfo().uid}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
)

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** One process at a time installs or builds; the lock of a dead one is taken over. */
async function withSetupLock(work) {
  let said = false
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    removeStaleLock()
    if (!said && existsSync(lockPath))
      say(`Waiting for process ${textOf(lockPath)}, which is setting up this checkout ...`)
    said = true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const release = () => rmSync(lockPath, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

function removeStaleLock() {
  try {
    const holder = Number(readFileSync(lockPath, 'utf8'))
    const ageMs = Date.now() - statSync(lockPath).mtimeMs
    // An empty file is one being written just now.
    if (holder > 0 ? isRunning(holder) && ageMs < LOCK_TIMEOUT_MS : ageMs < 1000) return
    const grave = `${lockPath}.${process.pid}`
    renameSync(lockPath, grave)
    rmSync(grave, { force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

async function setUp() {
  if (textOf(installStamp) === installHash() && textOf(buildStamp) === buildHash()) return
  await withSetupLock(async () => {
    await install()
    await build()
  })
}

/** Everything that must hold, in the order of cost; or, with arguments, only vitest with them. */
async function test(args) {
  const bin = (name) => join(modules, '.bin', name)
  const checks = [
    ['biome', 'check', '--error-on-warnings'],
    ['tsc', '--noEmit'],
    ['knip', '--no-progress'],
  ]
  if (args.length > 0) return run(bin('vitest'), ['run', ...args], { stdout: 1 })
  for (const [name, ...rest] of checks) {
    say(`> ${name} ${rest.join(' ')}`)
    const code = await run(bin(name), rest, { stdout: 1 })
    if (code !== 0) {
      say(`${name} found problems`)
      console.log('0 passed, 1 failed')
      return code
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'tributary-test-'))
  const report = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await run(bin('vitest'), ['run', ...reporters], { stdout: 1 })
    return closingLine(report) && code === 0 ? 0 : code || 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Compiles the project with its benches and runs the named one; its options follow. */
async function bench([name, ...args]) {
  const names = filesBelow(join(root, 'bench')).map((path) => path.slice(join(root, 'bench').length + 1, -'.ts'.length))
  const runnable = names.filter((each) => !each.includes('_') || each === 'whole_run')
  if (!runnable.includes(name))
    throw new SetupFailure(`npm run bench -- NAME [options], NAME one of ${runnable.join(', ')}`)
  const folder = join(root, 'dist.bench')
  await compile('tsconfig.bench.json', folder)
  return run(process.execPath, [join(folder, 'bench', `${name}.js`), ...args], { stdout: 1 })
}

/** Compiles the faults with what they break, and runs them; the options follow. */
async function chaos(args) {
  const folder = join(root, 'dist.chaos')
  await compile('tsconfig.chaos.json', folder)
  return run(process.execPath, [join(folder, 'test', 'chaos', 'main.js'), ...args], { stdout: 1 })
}

/** Prints the counts alone on a line; true when tests ran and none failed. A file that did not load is a failure. */
function closingLine(report) {
  const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {}
  const statuses = testResults.flatMap(({ status, assertionResults }) => {
    const each = assertionResults.map((result) => result.status)
    return status === 'failed' && !each.includes('failed') ? [...each, 'failed'] : each
  })
  const count = (status) => statuses.filter((each) => each === status).length
  const [passed, failed] = [count('passed'), count('failed')]
  const skipped = statuses.length - passed - failed
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return passed > 0 && failed === 0
}

/** npx runs us below a shell that takes a SIGTERM for npx and dies of it alone: its end is then our signal. */
function endWithNpm() {
  const parent = process.ppid
  if (process.env.npm_command === undefined) return
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  watch.unref()
}

async function main() {
  const args = process.argv.slice(2)
  checkNode()
  endWithNpm()
  await setUp()
  if (args[0] === 'test') {
    process.exitCode = await test(args.slice(1))
    return
  }
  if (args[0] === 'bench') {
    process.exitCode = await bench(args.slice(1))
    return
  }
  if (args[0] === 'chaos') {
    process.exitCode = await chaos(args.slice(1))
    return
  }
  const cli = join(dist, 'worker', 'cli.js')
  process.argv = [process.argv[0], cli, ...args]
  await import(pathToFileURL(cli).href)
}

try {
  await main()
} catch (error) {
  say(error instanceof SetupFailure ? error.message : (error?.stack ?? String(error)))
  process.exitCode = 1
}
