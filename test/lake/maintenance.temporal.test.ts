import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domains } from '../domains.js'
import { type LakeWorker, startLakeWorker } from './lake_worker.js'

let worker: LakeWorker
beforeAll(async () => {
  worker = await startLakeWorker(domains.flatMap(({ stages }) => stages))
})
afterAll(() => worker?.close())

test('a run of the lake’s own pipeline reports every table, and its run can be found', async () => {
  const workflowId = `test/${randomUUID()}`
  const result = await worker.run('lakeMaintenance', { dryRun: true }, workflowId)
  expect(result).toMatchObject({ dryRun: true, steps: [{ step: 'survey', state: 'done' }] })
  const { typedSearchAttributes } = await worker.client.workflow.getHandle(workflowId).describe()
  expect(JSON.stringify(typedSearchAttributes)).toContain('"lake"')
})

test('an unknown field ends the run at once', async () => {
  await expect(worker.run('lakeMaintenance', { dryrun: true })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('dryrun is not a field of this input') },
  })
})
