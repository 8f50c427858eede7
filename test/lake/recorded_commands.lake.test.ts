import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commit } from '../../activities/commit.js'
import type { SourceRange } from '../../activities/write.js'
import { QualityRejected } from '../../infra/errors.js'
import type { Session } from '../../infra/lake/session.js'
import { holds } from '../../schemas/check.js'
import { integer, text } from '../../schemas/column.js'
import { defineStage, defineTable } from '../../schemas/table.js'
import { printGaps } from '../../worker/commands/gaps.js'
import { printQuality } from '../../worker/commands/quality.js'
import { createOutput, type Output } from '../../worker/output.js'
import { openScratchLake, type ScratchLake } from './scratch_lake.js'

const blocks = defineTable('recorded_bronze.blocks', {
  dataset: { purpose: 'block', subject: 'chain', grain: 'block' },
  grain: 'One row per block.',
  columns: { chain: text, number: integer },
  key: ['chain', 'number'],
  checks: {
    'blocks count from 0': holds('number >= 0'),
    'blocks are old enough': holds('number < 1000', { severity: 'warning' }),
  },
  example: { chain: 'a', number: 0 },
})
const bronze = defineStage('recorded_bronze', [blocks])

describe('what is recorded of commits, as commands show it', () => {
  let scratch: ScratchLake
  beforeAll(async () => {
    scratch = await openScratchLake([bronze])
  })
  afterAll(() => scratch.close())

  const write = (key: string, rows: string, source?: SourceRange) =>
    commit(scratch.lake, {
      stage: bronze,
      key,
      name: 'read_blocks',
      message: key,
      provenance: { pipeline: 'recorded', logicalRun: key, attempt: 1, codeVersion: 'test' },
      prepare: async (session) => {
        await session.run(`CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM (VALUES ${rows}) AS r(chain, number)`)
        const each = { table: blocks, staged: 'staged', replaces: { kind: 'nothing' } } as const
        return { inputs: {}, writes: [source === undefined ? each : { ...each, source }] }
      },
    })

  const printed = async (json: boolean, work: (session: Session, output: Output) => Promise<unknown>) => {
    let out = ''
    const stream = new Writable({
      write: (chunk, _, done) => {
        out += String(chunk)
        done()
      },
    })
    const result = await scratch.lake.session((session) => work(session, createOutput(stream, json)))
    return { out, result }
  }
  const gaps = (json: boolean) => printed(json, (session, output) => printGaps(session, output, blocks))
  const quality = (request: { table?: string; check?: string }, json = false) =>
    printed(json, (session, output) =>
      printQuality(session, output, { table: request.table, check: request.check, limit: 20 }),
    )

  test('no commit yet: nothing is missing, and there is nothing to tell', async () => {
    expect((await gaps(false)).result).toBe(0)
    await expect(quality({})).rejects.toThrow('no commit has checked anything yet')
  })

  test('gaps are those between the source ranges of all commits, an empty one among them', async () => {
    await write('a 0', "('a', 0), ('a', 9)", { partition: 'a', start: '0', end: '10' })
    await write('a 20', "('a', 20)", { partition: 'a', start: '20', end: '30' })
    await write('b 0', "('b', 0)", { partition: 'b', start: '0', end: '10' })
    await write('without a range', "('c', 1)")
    const missing = await gaps(true)
    expect(missing.result).toBe(1)
    expect(JSON.parse(missing.out)).toMatchObject({
      table: 'recorded_bronze.blocks',
      gaps: [{ partition: 'a', start: '10', end: '20' }],
      overlaps: [],
    })
    expect((await gaps(false)).out).toMatch(
      /3 ranges of the source in 2 partitions\n\nGaps\n[^\n]*\n[^\n]*\na +10 +20\n/,
    )

    await write('a 10', "('nothing', 0)", { partition: 'a', start: '8', end: '20' })
    const complete = await gaps(true)
    expect(complete.result).toBe(0)
    expect(JSON.parse(complete.out)).toMatchObject({ gaps: [], overlaps: [{ partition: 'a', start: '8', end: '10' }] })
  })

  test('quality shows first what did not hold at last, and what was refused', async () => {
    await write('too young', "('a', 5000)")
    await expect(write('negative', "('a', -1)")).rejects.toThrow(QualityRejected)
    const { out } = await quality({ table: 'recorded_bronze.blocks' })
    const lines = out.split('\n').slice(3)
    // The newest attempt is the refused one: its warning holds again.
    expect(lines[0]).toMatch(
      /^REFUSED +recorded_bronze\.blocks +blocks count from 0 +validity +blocking +1 of 1 +1 of 7 /,
    )
    expect(lines[1]).toMatch(/^holds /)
    expect(out).toContain('"blocks count from 0", such as [{"chain":"a","number":-1}]')
    expect(out).toMatch(
      /Refused: what[^\n]*\n[^\n]*\n[^\n]*\n[\d: -]+ +REFUSED +recorded_bronze\.blocks +blocks count from 0 +1 of 1 +negative\n/,
    )

    await write('good again', "('a', 1)")
    const json = JSON.parse((await quality({}, true)).out)
    expect(json.latest.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([])
    expect(json.refused).toMatchObject([{ check_name: 'blocks count from 0', commit_key: 'negative', refused: true }])
  })

  test('a check has a history, the newest first', async () => {
    const { out } = await quality({ check: 'blocks are old enough' }, true)
    const { history } = JSON.parse(out)
    expect(
      history
        .map(({ commit_key, passed }: { commit_key: string; passed: boolean }) => [commit_key, passed])
        .slice(0, 4),
    ).toEqual([
      ['good again', true],
      ['negative', true],
      ['too young', false],
      ['a 10', true],
    ])
    expect((await quality({ check: 'blocks are old enough' })).out).toMatch(
      /warning +recorded_bronze\.blocks +blocks are old enough +1 of 1 +too young/,
    )
    await expect(quality({ check: 'nope', table: 'recorded_bronze.blocks' })).rejects.toThrow(
      '--check "nope" was never made of recorded_bronze.blocks',
    )
  })
})
