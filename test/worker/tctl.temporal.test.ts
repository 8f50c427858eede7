import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { runTctl } from '../../worker/commands/tctl.js'
import { createOutput } from '../../worker/output.js'
import { calm } from '../workflows/calm_activities.js'

const address = inject('temporalAddress')
const taskQueue = `traders-${randomUUID()}`
let client: Client
let close: () => Promise<void>
beforeAll(async () => {
  client = new Client({ connection: await Connection.connect({ address }) })
  const connection = await NativeConnection.connect({ address })
  const workflowBundle = { codePath: inject('bundles')['traders'] ?? '' }
  const worker = await Worker.create({ connection, taskQueue, workflowBundle, activities: calm })
  const stopped = worker.run()
  close = async () => {
    worker.shutdown()
    await stopped
    await connection.close()
    await client.connection.close()
  }
})
afterAll(() => close())

/** What `npx tributary tctl ...` prints. */
const tctl = async (...words: string[]): Promise<string> => {
  let printed = ''
  const stream = new Writable({
    write(chunk, _, done) {
      printed += chunk
      done()
    },
  })
  await runTctl(loadConfig({ TEMPORAL_ADDRESS: address }), createOutput(stream, false), words)
  return printed
}

const waiting = '{"approval": {"webhook": true}}'

describe('what tctl did', () => {
  test('starts, lists, describes, queries, signals, cancels and shows a workflow', async () => {
    const id = `tctl/${randomUUID()}`
    const flags = ['--taskqueue', taskQueue, '--workflow_type', 'smartTraders', '--workflow_id', id, '--input', waiting]
    expect(await tctl('workflow', 'start', ...flags, '--execution_timeout', '600')).toMatch(
      /^Started Workflow Id: tctl\/\S+, run Id: [0-9a-f-]{36}\n$/,
    )
    const timeout = (await client.workflow.getHandle(id).describe()).raw.executionConfig?.workflowExecutionTimeout
    expect(Number(timeout?.seconds)).toBe(600)
    await expect.poll(() => tctl('wf', 'list', '--op', '-w', id), { timeout: 60_000 }).toMatch(/smartTraders .*running/)
    expect(JSON.parse(await tctl('wf', 'desc', '-w', id))).toMatchObject({
      workflowId: id,
      status: 'RUNNING',
      taskQueue,
    })
    await expect
      .poll(() => tctl('wf', 'query', '-w', id, '--qt', 'waiting'), { timeout: 60_000 })
      .toMatch(/^Query result: \["\*\*webhook waits for approval/)
    await tctl('wf', 'signal', '-w', id, '-n', 'anything', '-i', '{"a": 1}')
    expect(await tctl('wf', 'show', '-w', id)).toMatch(/1 .*workflowExecutionStarted\n[\s\S]*workflowExecutionSignaled/)
    expect(await tctl('wf', 'cancel', '-w', id)).toBe('Cancel Workflow succeeded.\n')
    await expect(client.workflow.getHandle(id).result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
  })

  test('runs to the result, and terminates with a reason, by the short names', async () => {
    const id = `tctl/${randomUUID()}`
    expect(await tctl('wf', 'run', '--tq', taskQueue, '--wt', 'smartTraders', '-w', id, '-i', '{}')).toMatch(
      /Result: \{.*"webhook":"confirmed: test"/,
    )
    const other = `tctl/${randomUUID()}`
    const started = await tctl('wf', 'start', `--tq=${taskQueue}`, '--wt=smartTraders', `-w=${other}`, `-i=${waiting}`)
    const [, runId = ''] = /run Id: (\S+)/.exec(started) ?? []
    expect(await tctl('wf', 'term', '-w', other, '-r', runId, '--reason', 'enough')).toMatch(/succeeded/)
    expect((await client.workflow.getHandle(other).describe()).status.name).toBe('TERMINATED')
  })

  test.each<[string[], RegExp]>([
    [['workflow', 'start', '--workflow_type', 'x'], /workflow start needs --taskqueue/],
    [['workflow', 'start', '--tq', 'x', '--wt', 'x', '-i', '{bad'], /--input is not JSON/],
    [['workflow', 'start', '--tq', 'x', '--wt', 'x', '--et', 'soon'], /--execution_timeout is "soon": .*seconds/],
    [
      ['workflow', 'start', '--tq', 'x', '--wt', 'x', '--cron', '* * * * *'],
      /--cron is not known here; known are --address/,
    ],
    [['workflow', 'show', '-w', 'x', '--reason', 'y'], /workflow show takes no --reason; it takes --workflow_id/],
    [['workflow', 'reset', '-w', 'x'], /workflow "reset" is not known here; there is workflow \(wf\) start, run/],
    [['domain', 'list'], /"domain" is not known here.*successor of tctl is the program temporal/],
    [['workflow', 'show', '-w'], /-w needs a value/],
    [['workflow', 'list', '--ps', 'many'], /--pagesize is "many"/],
    [['workflow', 'describe', '-w', 'no/such/run'], /there is no workflow "no\/such\/run"/],
  ])('says what it does not know or needs: %j', async (words, message) => {
    await expect(tctl(...words)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(message),
    })
  })
})
