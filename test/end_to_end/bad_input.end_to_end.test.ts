import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilNoneRuns } from './home_processes.js'
import { type Outside, startOutside } from './outside.js'
import { tableCounts } from './rows.js'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { query, start, tributary } from './tributary.js'

/** One clear message on stderr after what the start had to say, and nothing that only a programmer reads. */
const problemOf = (stderr: string): string => {
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  const problems = stderr.split('\n').filter((line) => line.startsWith('tributary: '))
  expect(problems, stderr).toHaveLength(1)
  return stderr.slice(stderr.indexOf('tributary: '))
}

/** What a stop may take: as long as somebody waits for it at a terminal. */
const stopMs = 8_000

const input = (json: string): string[] => ['start', '--once', '--input', json]

describe.skipIf(process.platform !== 'linux')('what cannot be used', () => {
  let scratch: ScratchHome
  beforeAll(async () => {
    scratch = await scratchHome()
  })
  afterAll(() => scratch.remove())

  test.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ['an unknown field', input('{"colour":1}'), {}, /colour is not a field/],
    ['an unknown field of a part', input('{"gold":{"minRio":0.1}}'), {}, /gold\.minRio is not a field/],
    ['a negative limit', input('{"tokens":{"limit":-1}}'), {}, /tokens\.limit is -1: .*>=1/],
    ['a wrong type', input('{"history":{"days":"ninety"}}'), {}, /history\.days is "ninety": .*expected number/],
    ['a time that is none', input('{"asOf":"yesterday"}'), {}, /asOf is "yesterday": /],
    ['text that is not JSON', input('{limit'), {}, /--input is not JSON: .*give one JSON object/],
    ['JSON that is no object', input('[]'), {}, /--input.*\[\].*object/s],
    ['an unknown pipeline', ['run', 'stocks'], {}, /"stocks" is not a pipeline; there is traders/],
    ['no Temporal', ['run', 'traders'], {}, /no Temporal runs here: .*npx tributary up.*TEMPORAL_ADDRESS/],
    ['a catalog of another kind', ['start', '--once'], { LAKE_CATALOG: 'mysql:x' }, /LAKE_CATALOG="mysql:x": must be /],
    ['a file catalog that is not there', ['top'], { LAKE_CATALOG: 'file:/nowhere/lake' }, /LAKE_CATALOG.*npm start/],
    ['a source that is no URL', ['up'], { BIRDEYE_BASE_URL: 'birdeye' }, /BIRDEYE_BASE_URL="birdeye": must be/],
  ])('%s is told in one message before anything is started or written', async (_, args, env, message) => {
    const { code, stdout, stderr } = await tributary(scratch.home, args, env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(problemOf(stderr)).toMatch(message)
    expect(existsSync(path.join(scratch.home, 'postgres'))).toBe(false)
    expect(existsSync(path.join(scratch.home, 'data'))).toBe(false)
  })

  test('a Temporal that does not answer is named, and the stack is stopped', async () => {
    const environment = { TEMPORAL_ADDRESS: '127.0.0.1:1' }
    for (const args of [
      ['run', 'traders'],
      ['start', '--once'],
    ]) {
      const { code, stderr } = await tributary(scratch.home, args, environment)
      expect(code).toBe(1)
      expect(problemOf(stderr)).toMatch(/Temporal does not answer at 127\.0\.0\.1:1 \(TEMPORAL_ADDRESS\): start it, or/)
    }
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
  })

  test('a catalog that does not answer is named without its password, and the stack is stopped', async () => {
    const environment = { LAKE_CATALOG: 'postgres:host=127.0.0.1 port=1 dbname=x user=y password=canary' }
    for (const args of [['tables'], ['start', '--once']]) {
      const { code, stderr } = await tributary(scratch.home, args, environment)
      expect(code).toBe(1)
      expect(problemOf(stderr)).toMatch(/correct LAKE_CATALOG .*127\.0\.0\.1.*port 1 failed/)
      expect(stderr).not.toContain('canary')
    }
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
  })
})

describe.skipIf(process.platform !== 'linux')('a key that the source refuses', () => {
  let scratch: ScratchHome
  let outside: Outside
  beforeAll(async () => {
    scratch = await scratchHome()
    outside = await startOutside()
  })
  afterAll(async () => {
    await scratch.remove()
    await outside.sandbox.close()
  })

  test('fails the run and the start with the name of its variable, stops the stack and writes nothing', async () => {
    const environment = { ...outside.environment, BIRDEYE_API_KEY: 'canary-of-a-key' }
    const { code, stdout, stderr } = await tributary(scratch.home, ['start', '--once'], environment)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(problemOf(stderr)).toMatch(/BIRDEYE_API_KEY/)
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
    for (const { name, rows } of await tableCounts(scratch.home)) expect(rows, name).toBe(0)
    const snapshots = await query(scratch.home, 'SELECT * FROM lake.snapshots() WHERE commit_extra_info IS NOT NULL')
    expect(snapshots).toEqual([])
    const files = readdirSync(path.join(scratch.home, 'data'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((name) => name.endsWith('.parquet'))).toEqual([])
    expect(stderr).not.toContain('canary-of-a-key')
  })
})

describe.skipIf(process.platform !== 'linux')('a source that does not answer', () => {
  let scratch: ScratchHome
  beforeAll(async () => {
    scratch = await scratchHome()
  })
  afterAll(() => scratch.remove())

  test('is named while it is tried again, and a stop still stops everything within seconds', async () => {
    const keys = { BIRDEYE_API_KEY: 'canary-of-a-key', HELIUS_API_KEY: 'canary-of-a-key' }
    const nobody = { BIRDEYE_BASE_URL: 'http://127.0.0.1:1', HELIUS_BASE_URL: 'http://127.0.0.1:1' }
    const running = start(scratch.home, ['start', '--once'], { ...keys, ...nobody })
    await running.until(/! .*127\.0\.0\.1:1.*; it is tried again/)
    const begin = Date.now()
    running.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(1)
    expect(stderr).toContain('stopped before the run was done')
    expect(Date.now() - begin).toBeLessThan(stopMs)
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
    expect(stdout).toBe('')
    expect(stderr).not.toContain('canary-of-a-key')
  })
})
