import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MaintenanceResult } from '../../workflows/lake/maintenance.js'
import { domains } from '../domains.js'
import { type LakeWorker, startLakeWorker } from './lake_worker.js'
import { addMany, contentsOf } from './many_rows.js'

const stages = domains.flatMap((domain) => domain.stages)
const tables = stages[0]?.tables ?? []

let worker: LakeWorker
beforeAll(async () => {
  worker = await startLakeWorker(stages)
})
afterAll(() => worker?.close())

test('a run of the lake’s own pipeline reports every table, and its run can be found', async () => {
  const workflowId = `test/${randomUUID()}`
  const result = await worker.run('lakeMaintenance', { dryRun: true }, workflowId)
  expect(result).toMatchObject({ dryRun: true })
  const { typedSearchAttributes } = await worker.client.workflow.getHandle(workflowId).describe()
  expect(JSON.stringify(typedSearchAttributes)).toContain('"lake"')
})

test('a run merges, reports files before and after, and leaves the rows as they are', async () => {
  const { lake } = worker.scratch
  for (let file = 0; file < 12; file += 1) await addMany(lake, tables, { from: file * 10, count: 10 })
  const before = await lake.session((session) => contentsOf(session, tables))
  const planned = await worker.run<MaintenanceResult>('lakeMaintenance', { dryRun: true })
  expect(planned.work).toContain(`merge ${tables[0]?.name}`)
  expect(planned.tables.every(({ before, after }) => before.files === after.files)).toBe(true)
  const done = await worker.run<MaintenanceResult>('lakeMaintenance', {})
  expect(done.work).toContain(`merge ${tables[0]?.name}: 12 files`)
  const sizes = done.tables.filter(({ table }) => tables.some(({ name }) => name === table))
  expect(sizes.map(({ before, after }) => [before.files, after.files])).toEqual(tables.map(() => [12, 1]))
  expect(await lake.session((session) => contentsOf(session, tables))).toEqual(before)
  const [author] = await lake.session((session) =>
    session.all(`SELECT DISTINCT author FROM lake.snapshots() WHERE commit_message LIKE 'merge %'`),
  )
  expect(author).toEqual({ author: 'tributary/lake' })
})

test('an unknown field ends the run at once', async () => {
  await expect(worker.run('lakeMaintenance', { dryrun: true })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('dryrun is not a field of this input') },
  })
})
