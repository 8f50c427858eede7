import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { childOf, homeProcesses, killed, untilNoneRuns } from './home_processes.js'
import { type Outside, startOutside, untilAsked } from './outside.js'
import { rowsOf, tableCounts, withDuplicates } from './rows.js'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { type Running, start, tributary } from './tributary.js'

const stopMs = 8_000
/** Small batches, each a commit: a kill in the middle then has something before it and something after it. */
const smallBatches = JSON.stringify({ history: { walletsPerBatch: 10, concurrentBatches: 2 } })
/** Slow enough that a kill meets a run at work. */
const slow = { kind: 'slow', path: 'seek_by_time', delayMs: 100 } as const

const worker = /cli\.js worker\b/

describe.skipIf(process.platform !== 'linux')('npx tributary up', () => {
  let scratch: ScratchHome
  let outside: Outside
  let up: Running
  beforeAll(async () => {
    scratch = await scratchHome()
    outside = await startOutside()
    up = start(scratch.home, ['up'], outside.environment)
    await up.until(/running until Ctrl-C/)
  })
  afterAll(async () => {
    await scratch.remove()
    await outside.sandbox.close()
  })
  const command = (...args: string[]) => tributary(scratch.home, args, outside.environment)

  test('refuses a second one in the same home, naming the first and what to do', async () => {
    const { code, stderr } = await command('up')
    expect(code).toBe(1)
    expect(stderr).toContain(`${scratch.home} is in use by process ${up.pid} (catalog 127.0.0.1:`)
    expect(stderr).toContain(`use that one, stop it (kill ${up.pid}), or set another TRIBUTARY_HOME`)
  })

  test('starts again what is killed in the middle of a run, which then ends with no row twice', async () => {
    outside.sandbox.faults.add(slow)
    const run = start(scratch.home, ['run', 'traders', '--wait', '--input', smallBatches], outside.environment)
    await untilAsked(outside.sandbox, 'seek_by_time', 25)
    const first = childOf(scratch.home, up.pid, worker)
    killed(first)
    await up.until(/the worker ended \(SIGKILL\) and is started again/)
    await untilAsked(outside.sandbox, 'seek_by_time', 35)
    killed(childOf(scratch.home, up.pid, /temporal server start-dev/))
    await up.until(/Temporal ended unasked \(exit SIGKILL\) and is started again/)
    await untilAsked(outside.sandbox, 'seek_by_time', 50)
    killed(childOf(scratch.home, up.pid, /postgres -D/))
    await up.until(/PostgreSQL ended unasked \(exit SIGKILL\) and is started again/)
    const { code, stderr } = await run.ended
    outside.sandbox.faults.clear()
    expect(code, stderr).toBe(0)
    expect(childOf(scratch.home, up.pid, worker).pid).not.toBe(first.pid)
    const counts = await tableCounts(scratch.home)
    expect(withDuplicates(counts)).toEqual([])
    expect(rowsOf(counts, 'traders_bronze.transaction_history')).toBeGreaterThan(4_000)
  })

  test('carries a run, and tells its status', async () => {
    const run = await command('run', 'traders', '--wait')
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toMatch(/^traders\/smart-traders\/.* is done\n$/)
    const status = await command('status', '--json')
    const { stack, runs }: { stack: object; runs: { workflow: string }[] } = JSON.parse(status.stdout)
    expect(stack).toMatchObject({ running: true, pid: up.pid })
    // The schedule that looks at the webhook may have fired meanwhile.
    const own = runs.filter(({ workflow }) => workflow.startsWith('traders/smart-traders/'))
    expect(own).toMatchObject([{ status: 'completed' }, { status: 'completed' }])
    expect((await command('status')).stdout).toMatch(new RegExp(`up, process ${up.pid}\n[\\s\\S]*completed`))
  })

  test('has a run that is bad or fails tell why, and lives on', async () => {
    const bad = await command('run', 'traders', '--input', '{"tokens":{"limit":"many"}}')
    expect(bad).toMatchObject({ code: 1, stdout: '' })
    expect(bad.stderr).toMatch(/^tributary: --input cannot be used:\n {2}tokens\.limit is "many"/)
    expect((await command('run', 'nothing')).stderr).toMatch(/"nothing" is not a pipeline; there is traders/)
  })

  test('stops everything within seconds of a SIGTERM, and ends 0', async () => {
    expect(homeProcesses(scratch.home).length).toBeGreaterThan(3)
    const begin = Date.now()
    up.kill('SIGTERM')
    const { code, stderr } = await up.ended
    expect(code, stderr).toBe(0)
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
    expect(Date.now() - begin).toBeLessThan(stopMs)
  })
})

describe.skipIf(process.platform !== 'linux')('npx tributary start, killed without a chance to clean up', () => {
  let scratch: ScratchHome
  let outside: Outside
  beforeEach(async () => {
    scratch = await scratchHome()
    outside = await startOutside([slow])
  })
  afterEach(async () => {
    await scratch.remove()
    await outside.sandbox.close()
  })

  test('leaves nothing running, and the next start goes on with the run it left', async () => {
    const killed = start(scratch.home, ['start', '--input', smallBatches], outside.environment)
    await untilAsked(outside.sandbox, 'seek_by_time', 25)
    killed.kill('SIGKILL')
    const [, workflowId] = /run (traders\/smart-traders\/\S+)/.exec((await killed.ended).stderr) ?? []
    expect(await untilNoneRuns(scratch.home, 30_000)).toEqual([])

    outside.sandbox.faults.clear()
    const next = await tributary(scratch.home, ['start', '--once'], outside.environment)
    expect(next.code, next.stderr).toBe(0)
    expect(next.stderr).toContain(`going on with the unfinished run ${workflowId}`)
    expect(next.stdout).toMatch(/^rank +wallet/m)
    expect(await untilNoneRuns(scratch.home, stopMs)).toEqual([])
    const counts = await tableCounts(scratch.home)
    expect(withDuplicates(counts)).toEqual([])
    expect(rowsOf(counts, 'traders_bronze.transaction_history')).toBeGreaterThan(4_000)
  })
})
