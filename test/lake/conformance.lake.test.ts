import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit, type Step } from '../../activities/commit.js'
import type { Receipt } from '../../activities/receipt.js'
import type { Write } from '../../activities/write.js'
import { QualityRejected, ResultTooLarge } from '../../infra/errors.js'
import { inLake } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import type { Stage, Table } from '../../schemas/table.js'
import { domains } from '../domains.js'
import { stageExamples } from './examples.js'
import { openScratchLake, type ScratchLake, scratchCatalogs } from './scratch_lake.js'

const stages = domains.flatMap(({ stages }) => stages)
const [anyStage] = stages
if (anyStage === undefined) throw new Error('no stage is defined')

describe.each(scratchCatalogs)('on a %s catalog', (catalog) => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake(stages, catalog)
  })
  afterAll(() => scratch.close())

  const snapshots = () =>
    scratch.lake.session(async (session) => Number((await session.one('SELECT id FROM lake.current_snapshot()'))['id']))
  const count = (table: Table) =>
    scratch.lake.session(async (session) =>
      Number((await session.one(`SELECT count(*) AS n FROM ${inLake(table.name)}`))['n']),
    )
  const step = (stage: Stage, key: string, prepare: (session: Session) => Promise<readonly Write[]>): Step => ({
    stage,
    key: `conformance/${stage.name}/${key}`,
    name: 'conformance',
    message: `conformance of ${stage.name}: ${key}`,
    provenance: { pipeline: 'conformance', logicalRun: key, attempt: 1, codeVersion: 'test' },
    prepare: async (session) => ({ writes: await prepare(session), inputs: {} }),
  })
  const everyTable =
    (stage: Stage, rowsEach: 0 | 1, kind: 'everything' | 'nothing' = 'everything') =>
    async (session: Session) => {
      const writes: Write[] = []
      for (const table of stage.tables) {
        writes.push({ table, staged: await stageExamples(session, table, rowsEach), replaces: { kind } })
      }
      return writes
    }

  describe.each(stages)('$name', (stage) => {
    test('commits an empty input as one snapshot', async () => {
      const before = await snapshots()
      const receipt = await commit(scratch.lake, step(stage, 'empty', everyTable(stage, 0)))
      expect(Object.values(receipt.rows)).toEqual(stage.tables.map(() => 0))
      expect(receipt.snapshotId).toBe(before + 1)
      expect(await snapshots()).toBe(before + 1)
    })

    test('refuses a receipt that is too large to travel, and writes nothing', async () => {
      const before = await snapshots()
      const parameters = { note: 'x'.repeat(17_000) }
      const large = commit(scratch.lake, { ...step(stage, 'large', everyTable(stage, 1)), parameters })
      await expect(large).rejects.toThrow(ResultTooLarge)
      expect(await snapshots()).toBe(before)
    })

    test('commits all tables of a step as one snapshot, which says who made it', async () => {
      const before = await snapshots()
      const receipt = await commit(scratch.lake, step(stage, 'one', everyTable(stage, 1)))
      expect(receipt.snapshotId).toBe(before + 1)
      expect(await snapshots()).toBe(before + 1)
      const snapshot = await scratch.lake.session((session) =>
        session.one('SELECT author, commit_message, commit_extra_info FROM lake.snapshots() WHERE snapshot_id = $id', {
          id: BigInt(receipt.snapshotId),
        }),
      )
      expect(snapshot).toMatchObject({
        author: 'tributary/conformance',
        commit_message: `conformance of ${stage.name}: one`,
      })
      expect(JSON.parse(String(snapshot['commit_extra_info']))).toMatchObject({
        key: receipt.key,
        step: 'conformance',
        attempt: 1,
      })
    })

    test('returns the first receipt, and loads nothing, when an attempt is repeated after a lost reply', async () => {
      const first = await commit(scratch.lake, step(stage, 'reply', everyTable(stage, 1)))
      const before = await snapshots()
      const repeated = await commit(
        scratch.lake,
        step(stage, 'reply', () => Promise.reject(new Error('must not load twice'))),
      )
      expect(repeated).toEqual(first)
      expect(await snapshots()).toBe(before)
    })

    test('leaves nothing of a load that failed, and commits when it is tried again', async () => {
      const before = await snapshots()
      const failing = step(stage, 'failed', async (session) => {
        await everyTable(stage, 1)(session)
        throw new Error('the source broke off')
      })
      await expect(commit(scratch.lake, failing)).rejects.toThrow('the source broke off')
      expect(await snapshots()).toBe(before)
      const receipt = await commit(scratch.lake, step(stage, 'failed', everyTable(stage, 1)))
      expect(receipt.snapshotId).toBe(before + 1)
    })

    test('leaves nothing of a write that failed inside the transaction', async () => {
      const before = await snapshots()
      const broken = step(stage, 'broken', async (session) => {
        const [first, ...rest] = await everyTable(stage, 1)(session)
        if (first === undefined) return []
        return [...rest, first, { ...first, staged: '"a relation that is not there"' }]
      })
      await expect(commit(scratch.lake, broken)).rejects.toThrow(/not there/)
      expect(await snapshots()).toBe(before)
    })

    test('commits once when two attempts of one step overlap, even where all they do is add rows', async () => {
      await commit(scratch.lake, step(stage, 'before the race', everyTable(stage, 0)))
      const before = await snapshots()
      let waiting = 0
      let release = (): void => undefined
      const both = new Promise<void>((resolve) => {
        release = resolve
      })
      // Without the lock that makes them take turns, and with inserts alone, only the fence can tell them apart.
      const attempt = () =>
        commit(
          { ...scratch.lake, exclusively: (_stage, work) => work() },
          step(stage, 'race', async (session) => {
            const writes = await everyTable(stage, 1, 'nothing')(session)
            waiting += 1
            if (waiting === 2) release()
            await both
            return writes
          }),
        )
      const [one, other] = await Promise.all([attempt(), attempt()])
      expect(other).toEqual(one)
      expect(await snapshots()).toBe(before + 1)
      for (const table of stage.tables) expect(await count(table)).toBe(1)
    })

    test('commits once when another attempt commits between a step’s first look and its reading of its own stage', async () => {
      const before = await snapshots()
      let first: Receipt | undefined
      const reading = step(stage, 'between look and basis', everyTable(stage, 1))
      const second = await commit(scratch.lake, {
        ...reading,
        prepare: async (session) => {
          first = await commit(scratch.lake, reading)
          const { version } = await session.one(`SELECT version FROM ${inLake(`${stage.name}._fence`)}`)
          return { ...(await reading.prepare(session)), basis: new Map([[stage.name, Number(version)]]) }
        },
      })
      expect(second).toEqual(first)
      expect(await snapshots()).toBe(before + 1)
    })

    test('commits once when another attempt commits between a step’s first look and its transaction', async () => {
      const before = await snapshots()
      let first: Receipt | undefined
      const second = await commit(
        scratch.lake,
        step(stage, 'between', async (session) => {
          first = await commit(scratch.lake, step(stage, 'between', everyTable(stage, 1)))
          return everyTable(stage, 1)(session)
        }),
      )
      expect(second).toEqual(first)
      expect(await snapshots()).toBe(before + 1)
    })

    test('refuses a row that breaks a blocking check, writes none, and records the verdict', async () => {
      const [table] = stage.tables
      if (table === undefined) throw new Error('a stage has tables')
      const rowsBefore = await count(table)
      const bad = step(stage, 'rejected', async (session) => {
        const staged = await stageExamples(session, table, 1)
        await session.run(`INSERT INTO ${staged} FROM ${staged}`)
        return [{ table, staged, replaces: { kind: 'everything' } }]
      })
      await expect(commit(scratch.lake, bad)).rejects.toThrow(QualityRejected)
      await expect(commit(scratch.lake, bad)).rejects.toThrow('"key is unique" does not hold for 1 of 2 rows')
      expect(await count(table)).toBe(rowsBefore)
      const verdicts = await scratch.lake.session((session) =>
        session.all(
          `SELECT passed, severity FROM lake.meta.quality WHERE commit_key = $commit_key AND check_name = 'key is unique'`,
          {
            commit_key: bad.key,
          },
        ),
      )
      expect(verdicts).toEqual([
        { passed: false, severity: 'blocking' },
        { passed: false, severity: 'blocking' },
      ])
    })

    test('replaces what it is told to, and adds no row twice', async () => {
      await commit(scratch.lake, step(stage, 'replace', everyTable(stage, 1)))
      await commit(scratch.lake, step(stage, 'add', everyTable(stage, 1, 'nothing')))
      for (const table of stage.tables) expect(await count(table)).toBe(1)
      await commit(
        scratch.lake,
        step(stage, 'keys', async (session) => {
          const writes = await everyTable(stage, 1)(session)
          return writes.map((each) => ({
            ...each,
            replaces: { kind: 'keys', columns: each.table.key, relation: each.staged },
          }))
        }),
      )
      for (const table of stage.tables) expect(await count(table)).toBe(1)
      await commit(scratch.lake, step(stage, 'empty again', everyTable(stage, 0)))
      for (const table of stage.tables) expect(await count(table)).toBe(0)
    })
  })

  test('refuses a step whose stage was committed to after the step had read it', async () => {
    const stage = anyStage
    const stale = step(stage, 'stale', everyTable(stage, 1))
    const { version } = await scratch.lake.session((session) =>
      session.one(`SELECT version FROM ${inLake(`${stage.name}._fence`)}`),
    )
    await commit(scratch.lake, step(stage, 'since', everyTable(stage, 1)))
    const before = await snapshots()
    const based: Step = {
      ...stale,
      prepare: async (session) => ({
        ...(await stale.prepare(session)),
        basis: new Map([[stage.name, Number(version)]]),
      }),
    }
    await expect(commit(scratch.lake, based)).rejects.toThrow(/committed to after/)
    expect(await snapshots()).toBe(before)
  })

  test('adds no data file for the fence and the metadata of a commit', async () => {
    const files = await scratch.lake.session((session) =>
      session.all(
        `SELECT table_name FROM ducklake_table_info('lake') WHERE table_name IN ('_fence', 'commits', 'refusals') AND file_count > 0`,
      ),
    )
    expect(files).toEqual([])
  })
})
