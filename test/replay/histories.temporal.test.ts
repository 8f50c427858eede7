import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { domains } from '../domains.js'
import { found } from '../traders/canaries.js'
import { startPipeline } from '../traders/pipeline.js'
import { fromHistoryJson, type HistoryJson } from './history_json.js'
import { outcomes } from './outcomes.js'
import { fileOf, type Recording, readRecordings, writeRecording } from './recording.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest: { version: string } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
const release = manifest.version
const howTo = 'UPDATE_HISTORIES=1 npm test -- test/replay records this release’s'

/** Larger ones tell no more: a run of a few batches decides all that a run of thousands does. */
const limitBytes = 150_000

/** The workflow types of each domain, as its table of contents exports them. */
const workflowTypes = new Map<string, string>()
for (const { name } of domains) {
  const contents = await readFile(path.join(root, 'workflows', name, 'index.ts'), 'utf8')
  for (const [, names = ''] of contents.matchAll(/export \{([^}]*)\}/g))
    for (const type of names.split(',')) workflowTypes.set(type.trim(), name)
}

const bundleOf = (workflowType: string) => ({
  workflowBundle: { codePath: inject('bundles')[workflowTypes.get(workflowType) ?? ''] ?? '' },
})
/** What replaying it found wrong, if anything. */
const replay = async (workflowType: string, histories: readonly HistoryJson[]): Promise<(Error | undefined)[]> => {
  const named = histories.map((history, index) => ({ workflowId: String(index), history: fromHistoryJson(history) }))
  const errors: (Error | undefined)[] = []
  for await (const { workflowId, error } of Worker.runReplayHistories(bundleOf(workflowType), named))
    errors[Number(workflowId)] = error
  return errors
}

let recordings: Recording[]
beforeAll(async () => {
  if (process.env['UPDATE_HISTORIES'] === '1') {
    const pipeline = await startPipeline({ market: { tokens: 4, wallets: 20, swaps: 800 } })
    for (const { workflowType, outcome, run } of outcomes) {
      const handle = await run(pipeline)
      await writeRecording({ workflowType, outcome, release }, await handle.fetchHistory())
    }
    await pipeline.close()
  }
  recordings = await readRecordings()
  // On a busy machine the runs take minutes.
}, 900_000)

test('every outcome is recorded for this release, and each workflow type has one that completed', () => {
  const missing = outcomes.map((each) => fileOf({ ...each, release })).filter((file) => !existsSync(file))
  expect(missing, howTo).toEqual([])
  for (const { ends, ...each } of outcomes) {
    const last = recordings
      .find((recording) => fileOf(recording) === fileOf({ ...each, release }))
      ?.history.events.at(-1)
    expect(last?.['eventType'], fileOf({ ...each, release })).toBe(`EVENT_TYPE_WORKFLOW_EXECUTION_${ends}`)
  }
  const completed = recordings.filter(({ outcome }) => outcome === 'completed').map(({ workflowType }) => workflowType)
  const unrecorded = [...workflowTypes.keys()].filter((type) => !completed.includes(type))
  expect(unrecorded, `add it to test/replay/outcomes.ts; ${howTo}`).toEqual([])
})

test('this build goes on with each of them as the build that made it did', async () => {
  expect(recordings.length).toBeGreaterThanOrEqual(outcomes.length)
  for (const type of workflowTypes.keys()) {
    const own = recordings.filter(({ workflowType }) => workflowType === type)
    const errors = await replay(
      type,
      own.map(({ history }) => history),
    )
    for (const [index, recording] of own.entries()) expect(errors[index], fileOf(recording)).toBeUndefined()
  }
})

/** Most take nothing; these must be told what is meant. */
const goodInput = (workflowType: string): string =>
  ({
    lakeBackfill: '{"pipeline":"traders","from":"2026-11-01","to":"2026-11-02"}',
    lakeReplay: '{"run":"traders/2026-11-21T06:00:00.000Z"}',
    lakeRollback: '{"to":"1"}',
  })[workflowType] ?? '{}'

describe('a recording that was tampered with is refused', () => {
  const scheduled = 'activityTaskScheduledEventAttributes'
  const started = 'workflowExecutionStartedEventAttributes'
  const edited = (history: HistoryJson, edit: (event: Record<string, unknown>) => object): HistoryJson => ({
    events: history.events.map((event) => ({ ...event, ...edit(event) })),
  })
  /** The run called something else than the code calls there. */
  const otherActivity = (history: HistoryJson): HistoryJson =>
    edited(history, (event) =>
      event[scheduled] === undefined ? {} : { [scheduled]: { ...event[scheduled], activityType: { name: 'other' } } },
    )
  /** The run was told something else, and so would have done something else. */
  const otherInput =
    (input: string) =>
    (history: HistoryJson): HistoryJson =>
      edited(history, (event) =>
        event[started] === undefined
          ? {}
          : {
              [started]: {
                ...event[started],
                input: { payloads: [{ metadata: { encoding: btoa('json/plain') }, data: btoa(input) }] },
              },
            },
      )
  const errorsOf = async (recording: Recording, tamper: (history: HistoryJson) => HistoryJson) =>
    (await replay(recording.workflowType, [tamper(recording.history)]))[0]

  test('where a call is another one', async () => {
    const calling = recordings.filter(({ history }) => history.events.some((event) => event[scheduled] !== undefined))
    expect(new Set(calling.map(({ workflowType }) => workflowType)).size).toBe(workflowTypes.size)
    for (const recording of calling)
      expect(await errorsOf(recording, otherActivity), fileOf(recording)).toBeInstanceOf(DeterminismViolationError)
  })

  test('where a refused input is a good one, and a good one a bad one', async () => {
    for (const recording of recordings) {
      const input = recording.outcome === 'refused_input' ? goodInput(recording.workflowType) : '{"no such field":1}'
      expect(await errorsOf(recording, otherInput(input)), fileOf(recording)).toBeInstanceOf(DeterminismViolationError)
    }
  })
})

test('they are small, and name neither the machine nor the secrets of the run', async () => {
  for (const recording of recordings) {
    const text = await readFile(fileOf(recording), 'utf8')
    expect(text.length, fileOf(recording)).toBeLessThan(limitBytes)
    expect(found(text), fileOf(recording)).toEqual([])
    expect([`@${os.hostname()}`, root].filter((name) => text.includes(name))).toEqual([])
  }
})
