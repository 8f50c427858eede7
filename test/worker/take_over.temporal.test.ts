import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joinBuilds, takeOver } from '../../worker/take_over.js'
import type { SmartTradersResult } from '../../workflows/traders/smart_traders.js'
import { domains } from '../domains.js'
import { bundlePath, type Pipeline, startPipeline } from '../traders/pipeline.js'

const market = { tokens: 4, wallets: 20, swaps: 800 }
const hanging = { kind: 'hang', path: 'seek_by_time' } as const

/** temporal.api.enums.v1.VersioningBehavior */
const pinned = 1

/** The build that a run's tasks go to, and whether it stays so. */
const versionOf = async (handle: WorkflowHandle) => (await handle.describe()).raw.workflowExecutionInfo?.versioningInfo
const pinnedTo = (buildId: string) => ({ behavior: pinned, deploymentVersion: { buildId } })

/** The workflows without what they say of themselves at first: another code than the one that began a run. */
const changedBundle = async (domain: string): Promise<string> => {
  const file = bundlePath(domain)
  const code = await readFile(file, 'utf8')
  const changed = code.replace(/\(0,\s*[\w$.]+\.describeRun\)\('traders'\)/, 'undefined')
  if (domain === 'traders' && changed === code) throw new Error(`${file} calls no describeRun('traders')`)
  await writeFile(`${file}.changed.js`, changed)
  return `${file}.changed.js`
}

describe('a run whose build was replaced', () => {
  let pipeline: Pipeline
  const lines: string[] = []
  const log = (line: string) => lines.push(line)
  const build = (buildId: string) => ({
    buildId,
    taskQueues: domains.map(({ name }) => pipeline.taskQueue(name)),
    bundlePath: (taskQueue: string) =>
      bundlePath(domains.find(({ name }) => taskQueue === pipeline.taskQueue(name))?.name ?? ''),
  })
  /** Starts a run and lets it go on until it reads histories, where the source holds it. */
  const startAndHold = async (input: object): Promise<WorkflowHandle> => {
    pipeline.sandbox.faults.add(hanging)
    pipeline.sandbox.resetStatistics()
    const handle = await pipeline.start(input)
    const asked = () => Object.keys(pipeline.sandbox.statistics().byEndpoint).some((path) => path.includes('seek_by'))
    while (!asked()) await sleep(50)
    return handle
  }
  beforeAll(async () => {
    pipeline = await startPipeline({ market, build: { id: '0.1.0+old' } })
  })
  afterAll(() => pipeline.close())

  test('stays with its build until another takes over, and then goes on where it was', async () => {
    await joinBuilds(pipeline.client, build('0.1.0+old'), log)
    const handle = await startAndHold({})
    await pipeline.deploy({ id: '0.1.0+new' })
    pipeline.sandbox.faults.clear()

    await joinBuilds(pipeline.client, build('0.1.0+new'), log)
    expect(lines.splice(0)).toEqual([
      expect.stringMatching(
        /new runs begin with build 0\.1\.0\+old and not with this one, 0\.1\.0\+new; .*--take-over/,
      ),
      expect.stringMatching(/^1 running runs of other builds need a worker of theirs/),
    ])
    expect(await versionOf(handle)).toMatchObject(pinnedTo('0.1.0+old'))

    await takeOver(pipeline.client, build('0.1.0+new'), log)
    const result: SmartTradersResult = await handle.result()
    expect(lines.splice(0)).toEqual([`the run ${handle.workflowId} of build 0.1.0+old goes on with build 0.1.0+new`])
    expect(result.steps.every(({ state }) => state === 'done')).toBe(true)
    expect(await versionOf(handle)).toMatchObject(pinnedTo('0.1.0+new'))
    const commits = await pipeline.lake.session((session) =>
      session.all('SELECT step, code_version FROM lake.meta.commits ORDER BY snapshot_id'),
    )
    const builds = new Map(commits.map((row) => [row['step'], row['code_version']]))
    expect(builds.get('select_tokens')).toBe('0.1.0+old')
    expect(builds.get('derive_gold')).toBe('0.1.0+new')
    expect(commits.filter((row) => row['step'] === 'select_tokens')).toHaveLength(1)
  })

  test('begins again, as of the same time, where the new build would have done otherwise', async () => {
    const handle = await startAndHold({ asOf: undefined })
    const { startTime } = await handle.describe()
    const changed = await changedBundle('traders')
    const pathOf = (domain: string) => (domain === 'traders' ? changed : bundlePath(domain))
    await pipeline.deploy({ id: '0.2.0+other', bundlePath: pathOf })
    pipeline.sandbox.faults.clear()

    const { taskQueues } = build('')
    const other = { buildId: '0.2.0+other', taskQueues, bundlePath: () => changed }
    await takeOver(pipeline.client, other, log)
    const again = pipeline.client.workflow.getHandle(handle.workflowId)
    const result: SmartTradersResult = await again.result()
    expect(lines.splice(0)).toEqual([
      expect.stringMatching(/of build 0\.1\.0\+new begins again \(.*Nondeterminism.*\) with build 0\.2\.0\+other/s),
    ])
    expect(result.asOf).toBe(startTime.toISOString())
    expect(await versionOf(again)).toMatchObject(pinnedTo('0.2.0+other'))
  })
})
