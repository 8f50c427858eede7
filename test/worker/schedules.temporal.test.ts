import { randomUUID } from 'node:crypto'
import { type Client, Connection, Client as TemporalClient } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { applySchedules, scheduleStates } from '../../infra/temporal/schedule_server.js'
import { lake } from '../../schemas/lake/index.js'
import { declareSchedules, type Schedule } from '../../schemas/schedule.js'
import { timesBetween } from '../../schemas/schedule_times.js'
import { schedules } from '../../worker/schedules.js'

let client: Client
beforeAll(async () => {
  client = new TemporalClient({ connection: await Connection.connect({ address: inject('temporalAddress') }) })
})
const made = new Set<string>()
afterAll(async () => {
  for (const id of made) await client.schedule.getHandle(id).delete()
  await client.connection.close()
})

type Declared = Parameters<typeof declareSchedules>[0][number]

const declared = (changes: Partial<Declared> = {}): Schedule => {
  const id = `test-${randomUUID()}`
  made.add(id)
  const usual = { overlap: 'skip', catchupWindow: '1 hour', pauseOnFailure: true, startsPaused: true } as const
  const [schedule] = declareSchedules([{ id, domain: lake, when: { cron: '0 */6 * * *' }, ...usual, ...changes }])
  if (schedule === undefined) throw new Error('nothing was declared')
  return schedule
}

const driftOf = async (schedule: Schedule) =>
  (await scheduleStates(client, [schedule])).find(({ id }) => id === schedule.id)?.drift

describe('applying schedules', () => {
  test('makes the server hold each field, and does nothing the second time', async () => {
    const all = [
      declared({ when: { cron: '*/15 1-5 * jan,mar-4 mon-5' }, timeZone: 'Europe/Zurich', jitter: '90 seconds' }),
      declared({ when: { cron: '0 3 1,15 * *' }, overlap: 'buffer one', catchupWindow: '2 days' }),
      declared({ when: { every: '90 minutes', offset: '10 minutes' }, overlap: 'allow all', pauseOnFailure: false }),
      declared({ input: { dryRun: true }, overlap: 'terminate other' }),
      ...schedules,
    ]
    for (const { id } of schedules) made.add(id)
    for (const change of ['created', 'unchanged'])
      expect(await applySchedules(client, all)).toEqual(all.map(({ id }) => ({ id, change, drift: [] })))
  })

  test('says field by field where the server differs, mends it, and leaves a paused one paused', async () => {
    const schedule = declared()
    await applySchedules(client, [schedule])
    const handle = client.schedule.getHandle(schedule.id)
    await handle.update((previous) => ({
      ...previous,
      spec: {
        ...previous.spec,
        calendars: [{ hour: 7, minute: 30 }],
        jitter: '1 minute',
        endAt: new Date('2099-01-01'),
      },
      policies: { ...previous.policies, catchupWindow: '365 days', overlap: 'ALLOW_ALL', pauseOnFailure: false },
      action: { ...previous.action, args: [{ dryRun: true }], taskQueue: 'elsewhere' },
      state: { paused: true, note: 'moving house' },
    }))
    const drift = [
      { field: 'task queue', file: 'lake', server: 'elsewhere' },
      { field: 'input', file: '[{}]', server: '[{"dryRun":true}]' },
      { field: 'when', file: '0 0,6,12,18 * * *', server: '30 7 * * *' },
      { field: 'jitter', file: '0 seconds', server: '1 minute' },
      { field: 'overlap', file: 'skip', server: 'allow all' },
      { field: 'catch-up window', file: '1 hour', server: '365 days' },
      { field: 'pause on failure', file: 'true', server: 'false' },
      { field: 'limits', file: 'none', server: 'until 2099-01-01T00:00:00.000Z' },
    ]
    expect(await driftOf(schedule)).toEqual(drift)
    expect(await applySchedules(client, [schedule])).toEqual([{ id: schedule.id, change: 'updated', drift }])
    expect(await driftOf(schedule)).toEqual([])
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'moving house' })
  })

  test('knows its own that the file has no more, and no others', async () => {
    const schedule = declared()
    await applySchedules(client, [schedule])
    const stranger = `test-${randomUUID()}`
    made.add(stranger)
    const action = { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x', args: [] } as const
    await client.schedule.create({ scheduleId: stranger, spec: {}, action, state: { paused: true } })
    await expect
      .poll(async () => (await scheduleStates(client, [])).map(({ id }) => id), { timeout: 60_000 })
      .toContain(schedule.id)
    expect((await scheduleStates(client, [])).map(({ id }) => id)).not.toContain(stranger)
  })
})

/** As the protocol has a time. Its seconds are a Long, which is made of a number. */
const seconds = (time: string, more: number) => ({ seconds: (Date.parse(time) / 1_000 + more) as never })

describe('the times of a schedule', () => {
  test.each<[string, Partial<Declared>, string, string]>([
    ['every six hours', {}, '2026-11-20T00:00:00Z', '2026-11-23T00:00:00Z'],
    [
      'an interval with an offset',
      { when: { every: '7 hours', offset: '20 minutes' } },
      '2026-11-20T00:00:00Z',
      '2026-11-23T00:00:00Z',
    ],
    [
      'where clocks go forward',
      { when: { cron: '30 * * * *' }, timeZone: 'Europe/Zurich' },
      '2027-03-27T20:00:00Z',
      '2027-03-28T06:00:00Z',
    ],
    [
      'where clocks go back',
      { when: { cron: '15,45 1-3 * * *' }, timeZone: 'Europe/Zurich' },
      '2026-10-24T00:00:00Z',
      '2026-10-26T12:00:00Z',
    ],
    [
      'where they do by half an hour',
      { when: { cron: '0,30 * * * *' }, timeZone: 'Australia/Lord_Howe' },
      '2027-04-03T10:00:00Z',
      '2027-04-03T20:00:00Z',
    ],
    [
      'days of the week',
      { when: { cron: '0 9 * * 1-5' }, timeZone: 'America/New_York' },
      '2026-10-25T00:00:00Z',
      '2026-11-10T00:00:00Z',
    ],
    ['days of a month', { when: { cron: '0 0 29-31 2,3 *' } }, '2028-02-01T00:00:00Z', '2028-04-02T00:00:00Z'],
  ])('are those of the server: %s', async (_, changes, from, to) => {
    const schedule = declared({ overlap: 'allow all', ...changes })
    await applySchedules(client, [schedule])
    // The server's range is open at its beginning and closed at its end.
    const range = { startTime: seconds(from, -1), endTime: seconds(to, -1) }
    const { startTime } = await client.workflowService.listScheduleMatchingTimes({
      namespace: 'default',
      scheduleId: schedule.id,
      ...range,
    })
    const theirs = (startTime ?? []).map(({ seconds }) => Number(seconds) * 1_000)
    const ours = [...timesBetween(schedule.when, schedule.timeZone, Date.parse(from), Date.parse(to))]
    const shown = (time: number) => new Date(time).toLocaleString('sv', { timeZone: schedule.timeZone })
    expect(new Set(ours.map(shown))).toEqual(new Set(theirs.map(shown)))
    const once = ours.filter((time) => ours.filter((other) => shown(other) === shown(time)).length === 1)
    expect(theirs).toEqual(expect.arrayContaining(once))
    expect(ours).toEqual(expect.arrayContaining(theirs))
    expect(ours.length).toBeGreaterThan(3)
  })
})

test('a run’s time is the schedule’s, whatever the jitter', async () => {
  const schedule = declared({
    when: { every: '2 seconds' },
    jitter: '1 second',
    startsPaused: false,
    overlap: 'allow all',
  })
  await applySchedules(client, [schedule])
  const handle = client.schedule.getHandle(schedule.id)
  await expect
    .poll(async () => (await handle.describe()).info.recentActions.length, { timeout: 60_000 })
    .toBeGreaterThan(3)
  await handle.pause()
  const { recentActions } = (await handle.describe()).info
  for (const { action } of recentActions) {
    const run = client.workflow.getHandle(action.workflow.workflowId, action.workflow.firstExecutionRunId)
    const { searchAttributes } = await run.describe()
    const [scheduled] = searchAttributes['TemporalScheduledStartTime'] ?? []
    expect(Number(scheduled) % 2_000).toBe(0)
    await run.terminate()
  }
})
