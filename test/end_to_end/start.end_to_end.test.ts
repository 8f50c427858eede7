import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilNoneRuns } from './home_processes.js'
import { rowsOf, type TableCount, tableCounts, withDuplicates } from './rows.js'
import { type ScratchHome, scratchHome } from './scratch_home.js'
import { query, tributary } from './tributary.js'

/** What a stop may take before something counts as left behind. */
const stopMs = 5_000

describe.skipIf(process.platform !== 'linux')('npm start -- --once in an empty home, without keys', () => {
  let scratch: ScratchHome
  let first: Awaited<ReturnType<typeof tributary>>
  let counts: TableCount[]
  beforeAll(async () => {
    scratch = await scratchHome()
    first = await tributary(scratch.home, ['start', '--once'])
  })
  afterAll(() => scratch.remove())

  test('ends 0 with a ranking, having shown its progress, what is not real and where to look', () => {
    expect(first.code, first.stderr).toBe(0)
    expect(first.stdout).toMatch(/^rank +wallet +tier +score +realized USD +ROI +win rate +coverage/m)
    expect(first.stdout.match(/^ +\d+ {2}[1-9A-HJ-NP-Za-km-z]{32,44} +(elite|strong|promising) /gm)).toHaveLength(10)
    for (const step of ['tokens', 'whales', 'histories', 'silver', 'gold', 'webhook'])
      expect(first.stderr).toMatch(new RegExp(`✓ ${step} .*snapshot \\d`))
    expect(first.stderr).toMatch(/ready after [\d.]+ s/)
    expect(first.stderr).toMatch(/no BIRDEYE_API_KEY and no HELIUS_API_KEY.*Nothing below is real/)
    expect(first.stderr).toMatch(/Temporal UI +http:\/\/127\.0\.0\.1:\d+/)
    expect(first.stderr).toMatch(/webhook: confirmed: Helius watches 10 wallets/)
    expect(first.stderr).toMatch(/npx tributary wallet <address>/)
    expect(first.stderr).toMatch(/npx tributary query "SELECT/)
  })

  test('leaves no process', async () => {
    expect(await untilNoneRuns(scratch.home, stopMs)).toEqual([])
  })

  test('has made one snapshot a step, each with its message and what made it', async () => {
    const [row] = await query(
      scratch.home,
      `SELECT count(*)::INTEGER AS steps, count(DISTINCT s.snapshot_id)::INTEGER AS snapshots,
        bool_and(s.commit_message <> '' AND s.author = 'tributary/traders')::INTEGER AS told
       FROM meta.commits AS c
       JOIN lake.snapshots() AS s ON json_extract_string(s.commit_extra_info, '$.key') = c.commit_key AND s.snapshot_id = c.snapshot_id
       WHERE c.workflow_id LIKE 'traders/smart-traders/%'`,
    )
    // 50 tokens in batches of 10, 300 wallets in batches of 50, and the five steps that are not divided.
    expect(row).toEqual({ steps: 16, snapshots: 16, told: 1 })
  })

  test('adds no row twice when it is started again', async () => {
    counts = await tableCounts(scratch.home)
    expect(withDuplicates(counts)).toEqual([])
    expect(rowsOf(counts, 'traders_bronze.transaction_history')).toBeGreaterThan(20_000)

    const second = await tributary(scratch.home, ['start', '--once'])
    expect(second.code, second.stderr).toBe(0)
    expect(await untilNoneRuns(scratch.home, stopMs)).toEqual([])
    const after = await tableCounts(scratch.home)
    expect(withDuplicates(after)).toEqual([])
    const [before, now] = [counts, after].map((each) => rowsOf(each, 'traders_bronze.transaction_history'))
    // The market trades on while the test runs: some swaps may be new, and all others are the same.
    expect(now).toBeGreaterThanOrEqual(before ?? 0)
    expect(now).toBeLessThan((before ?? 0) + 200)
  })

  test('has every reading command answer while nothing runs, for people and for programs', async () => {
    const [best] = await query(scratch.home, 'SELECT wallet_address FROM traders_gold.smart_wallets WHERE rank = 1')
    const wallet = String(best?.['wallet_address'])
    const commands: [string[], RegExp][] = [
      [['status'], /nothing runs in .*\n[\s\S]*derive_gold/],
      [['tables'], /traders_silver\.wallet_pnl +traders\.pnl_wallet_timeframe_v1 +1\.0 +[\d,]+/],
      [['snapshots'], /derive_silver as of/],
      [['query', 'SELECT count(*) AS swaps FROM traders_bronze.transaction_history'], /swaps\n/],
      [['lineage', 'traders_gold.smart_wallets', '--column', 'score'], /transaction_history ← BirdEye/],
      [['lineage', 'traders_bronze.transaction_history', '--gaps'], /Gaps\nnone/],
      [['quality'], /checks, \d+ did not hold/],
      [['top', '--limit', '3'], new RegExp(wallet)],
      [['wallet', wallet], /: rank 1, [\s\S]*Verdict[\s\S]*Lots sold[\s\S]*Trades/],
      [['doctor'], /temporal-cli/],
    ]
    for (const [command, text] of commands) {
      const shown = await tributary(scratch.home, command)
      expect(shown.code, `${command}: ${shown.stderr}`).toBe(0)
      expect(shown.stdout).toMatch(text)
      const json = await tributary(scratch.home, [...command, '--json'])
      expect(json.code, `${command}: ${json.stderr}`).toBe(0)
      expect(() => JSON.parse(json.stdout), command.join(' ')).not.toThrow()
    }
    expect(await untilNoneRuns(scratch.home, 0)).toEqual([])
  })

  test('reads the lake and nothing more: a query that writes is refused', async () => {
    const { code, stderr } = await tributary(scratch.home, ['query', 'DELETE FROM traders_gold.smart_wallets'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^tributary: .*read-only/)
  })
})
