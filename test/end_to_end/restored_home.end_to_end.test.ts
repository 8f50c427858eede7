import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilNoneRuns } from './home_processes.js'
import { type Outside, startOutside } from './outside.js'
import { rowsOf, tableCounts, withDuplicates } from './rows.js'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { query, tributary } from './tributary.js'

const swaps = 'traders_bronze.transaction_history'
const ranking = 'SELECT * EXCLUDE (as_of) FROM traders_gold.smart_wallets ORDER BY rank'

describe.skipIf(process.platform !== 'linux')('a lake that was backed up and restored in another home', () => {
  let outside: Outside
  let old: ScratchHome
  let restored: ScratchHome
  beforeAll(async () => {
    outside = await startOutside()
    old = await scratchHome()
    restored = await scratchHome()
    await succeed(old, 'start', '--once')
    const place = path.join(old.home, 'backup')
    await succeed(old, 'backup', '--to', place)
    await succeed(restored, 'restore', '--from', place)
  })
  afterAll(async () => {
    await old?.remove()
    await restored?.remove()
    await outside?.sandbox.close()
  })

  const succeed = async ({ home }: ScratchHome, ...command: string[]) => {
    const { code, stderr } = await tributary(home, command, outside.environment)
    expect(code, `${command.join(' ')}: ${stderr}`).toBe(0)
  }

  const requests = () => Object.values(outside.sandbox.statistics().byEndpoint).reduce((total, each) => total + each, 0)

  test('has every row, receipt and ranking of the old one', async () => {
    expect(await tableCounts(restored.home)).toEqual(await tableCounts(old.home))
    const read = ({ home }: ScratchHome, sql: string) => query(home, sql)
    for (const sql of [ranking, 'FROM meta.commits ORDER BY commit_key'])
      expect(await read(restored, sql)).toEqual(await read(old, sql))
  })

  test('goes on with a whole run, which reads only what is new, and leaves the old one alone', async () => {
    const before = await tableCounts(old.home)
    const asked = requests()
    await succeed(restored, 'start', '--once')
    expect(await untilNoneRuns(restored.home, 5_000)).toEqual([])
    const after = await tableCounts(restored.home)
    expect(withDuplicates(after)).toEqual([])
    expect(rowsOf(after, swaps)).toBeGreaterThan(0)
    // The market trades on while the test runs: some swaps may be new, and all others are the same.
    expect(rowsOf(after, swaps) - rowsOf(before, swaps)).toBeLessThan(200)
    expect(requests() - asked).toBeLessThan(asked)
    const [runs] = await query(
      restored.home,
      `SELECT count(*)::INTEGER AS n FROM meta.commits WHERE step = 'derive_gold'`,
    )
    expect(runs).toEqual({ n: 2 })
    expect(await tableCounts(old.home)).toEqual(before)
  })
})
