import { afterAll, beforeAll, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import { type ReplayReport, type ReplayRequest, replayRun } from '../../activities/lake/replay_run.js'
import { findRun } from '../../activities/lake/run_commits.js'
import { traders } from '../../schemas/traders/index.js'
import { asOf, contents, derive, deriveStep, rows, runTraders } from '../traders/traders_run.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

let scratch: ScratchLake
beforeAll(async () => {
  scratch = await openScratchLake(traders.stages)
  await runTraders(scratch.lake, asOf(60), rows(0, 60))
  // Of a few wallets, so that silver is derived for these alone.
  await runTraders(scratch.lake, asOf(90), rows(60, 90, [1, 5]))
})
afterAll(() => scratch.close())

const replay = (run: string, given: Partial<ReplayRequest> = {}): Promise<ReplayReport> =>
  replayRun(
    { lake: scratch.lake, codeVersion: 'test', stages: traders.stages, published: [traders.published] },
    { run, keep: false, promote: false, asOf: 'replay', differences: 5, ...given },
    { pipeline: 'lake', logicalRun: 'replay', attempt: 1, codeVersion: 'test' },
  )
const schemas = () =>
  scratch.lake.session((session) =>
    session.all(`SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE '%replay%'`),
  )

test.each([asOf(60), asOf(90)])('the run of %s derives to the same hashes again', async (run) => {
  const report = await replay(run)
  expect(report).toMatchObject({ equal: true, pipeline: 'traders', logicalRun: run, codeVersion: 'test' })
  expect(report.derived.map(({ step, derivation }) => [step, derivation])).toEqual([
    ['derive_silver', 'as recorded'],
    ['derive_gold', 'as recorded'],
  ])
  const tables = report.derived.flatMap((step) => step.tables)
  expect(tables.filter(({ rows }) => rows > 0).length).toBeGreaterThanOrEqual(5)
  for (const { contentHash, replayedHash } of tables) expect(replayedHash).toBe(contentHash)
  expect(report.taken.map(({ step }) => step)).toEqual(['fetch_histories'])
  expect(await schemas()).toEqual([])
})

test('a run is found by its time, its pipeline and time, and its workflow id, and an unknown one is told of', async () => {
  const names = [asOf(60), `traders/${asOf(60)}`, `traders/smart-traders/${asOf(60)}`, '2026-11-03 12:00:00Z']
  for (const name of names)
    expect(await scratch.lake.session((session) => findRun(session, name))).toMatchObject({
      pipeline: 'traders',
      logicalRun: asOf(60),
    })
  await expect(replay('2020-01-01T00:00:00Z')).rejects.toThrow(
    `run is "2020-01-01T00:00:00Z": no such run committed anything; the newest are traders/${asOf(90)}, traders/${asOf(60)}`,
  )
})

test('kept tables can be queried, and the next replay of the run that keeps nothing removes them', async () => {
  const { schema } = await replay(asOf(90), { keep: true })
  expect(schema).toMatch(/^traders_replay_[0-9a-f]{8}$/)
  const [row] = await scratch.lake.session((session) =>
    session.all(
      `SELECT count(*)::INTEGER AS n FROM lake.${schema}.trades
       UNION ALL SELECT count(*)::INTEGER FROM lake.traders_silver.trades`,
    ),
  )
  expect(row?.['n']).toBeGreaterThan(100)
  expect(await schemas()).toEqual([{ schema_name: schema }])
  await replay(asOf(90))
  expect(await schemas()).toEqual([])
})

test('a promoted replay takes the place of what the stages hold, as one commit, and is no base for changes', async () => {
  const { lake } = scratch
  const { commits } = await lake.session((session) => findRun(session, asOf(90)))
  const bronze = commits.find(({ step }) => step === 'fetch_histories')?.snapshotId ?? 0
  const { promoted } = await replay(asOf(60), { promote: true })
  const trades = () =>
    lake.session((session) => session.one('SELECT count(*)::INTEGER AS n FROM lake.traders_silver.trades'))
  expect(Object.keys(promoted?.rows ?? {})).toHaveLength(6)
  expect(promoted?.rows['traders_silver.trades']).toBe((await trades())['n'])
  expect((await replay(asOf(60), { promote: true })).promoted).toEqual(promoted)

  await derive(lake, bronze, asOf(91))
  const after = await contents(lake)
  expect((await trades())['n']).toBeGreaterThan(promoted?.rows['traders_silver.trades'] ?? 0)
  await derive(lake, bronze, asOf(91), { everything: true })
  expect(after).toEqual(await contents(lake))
})

test('what the run had made otherwise is told row by row, and that other SQL had made it', async () => {
  const { bronze } = await runTraders(scratch.lake, asOf(100), rows(90, 100, [2]))
  const step = deriveStep(bronze.snapshotId, asOf(100), { everything: true })
  await commit(scratch.lake, {
    ...step,
    key: 'tampered',
    prepare: async (session) => {
      const prepared = await step.prepare(session)
      await session.run(
        `UPDATE "derived traders_silver.trades" SET side = 'buy', sequence = 7 WHERE wallet_address = 'wallet-02' AND sequence = 3`,
      )
      return { ...prepared, derivationFingerprint: 'another' }
    },
  })
  const { equal, derived, note } = await replay(asOf(100))
  expect(equal).toBe(false)
  expect(note).toBe('traders_silver.trades came out otherwise')
  const [silver] = derived.filter(({ step }) => step === 'derive_silver')
  const [trades] = silver?.tables ?? []
  expect(silver?.derivation).toBe('changed since')
  expect(trades).toMatchObject({
    table: 'traders_silver.trades',
    added: 0,
    removed: 0,
    columns: { sequence: 1, side: 1 },
  })
  expect(trades?.differences[0]).toMatchObject({
    key: { wallet_address: 'wallet-02' },
    before: { sequence: 7, side: 'buy' },
    after: { sequence: 3, side: 'sell' },
  })
  expect(trades?.replayedHash).not.toBe(trades?.contentHash)
})

test('a run whose snapshots have expired is refused, with the range there is', async () => {
  const { commits } = await scratch.lake.session((session) => findRun(session, asOf(60)))
  const [bronze] = commits
  await scratch.lake.session((session) =>
    session.run(`CALL ducklake_expire_snapshots('lake', versions => [${bronze?.snapshotId}])`),
  )
  await expect(replay(asOf(60))).rejects.toThrow(
    new RegExp(`snapshot ${bronze?.snapshotId} has expired .*there are snapshots 0 .* of which 1 have expired`),
  )
})
