import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { environment, type Running, start } from './tributary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(path.join(root, 'docs/time_travel.md'), 'utf8')
const [, script = ''] = /```sh\n(.*?)```/s.exec(page) ?? []
/** `npx tributary` without npm in between. */
const npx = `npx() { shift; '${process.execPath}' '${path.join(root, 'infra/bootstrap.mjs')}' "$@"; }`

describe.skipIf(process.platform !== 'linux')('docs/time_travel.md', () => {
  let scratch: ScratchHome
  let up: Running
  beforeAll(async () => {
    scratch = await scratchHome()
    up = start(scratch.home, ['up'])
    await up.until(/running until Ctrl-C/)
  })
  afterAll(async () => {
    up?.kill('SIGINT')
    await up?.ended
    await scratch?.remove()
  })

  test('tells of a lake that can be compared, derived again and taken back', async () => {
    const env = environment(scratch.home)
    const { stdout } = await promisify(execFile)('bash', ['-c', `${npx}\n${script}`], { env, cwd: root })
    expect(stdout.match(/traders\/smart-traders\/\S+ is done/g)).toHaveLength(2)
    const [, changed] =
      /traders_silver\.wallet_pnl, snapshot \d+ to \d+\n[\d,]+ added, [\d,]+ removed, ([\d,]+) changed/.exec(stdout) ??
      []
    expect(Number(changed?.replaceAll(',', ''))).toBeGreaterThan(1_000)
    const [, then, now] = /market price: (\S+) then, (\S+) now/.exec(stdout) ?? []
    expect(Number(now) / Number(then)).toBeGreaterThan(1.5)
    expect(stdout).toMatch(/: 6 tables are equal\n/)
    expect(stdout).toMatch(
      /dry run: traders to snapshot \d+: [1-9]\d* of \d+ tables differ, [1-9]\d* commits are undone/,
    )
    expect(stdout).toMatch(/tables differ, [1-9]\d* commits are undone: snapshot \d+/)
    expect(stdout.slice(stdout.indexOf('to take it back'))).toMatch(
      /snapshot \d+ to \d+\n0 added, 0 removed, 0 changed/,
    )
  })
})
