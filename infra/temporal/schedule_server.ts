import {
  type CalendarSpec,
  type Client,
  DAYS_OF_WEEK,
  MONTHS,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleOverlapPolicy,
} from '@temporalio/client'
import { cronText } from '../../schemas/cron.js'
import type { Schedule } from '../../schemas/schedule.js'
import { type Drift, driftOf } from './schedule_drift.js'

/** A schedule as declared, as the server has it, or both. */
export interface ScheduleState {
  readonly id: string
  /** Absent: the server has it of us, and the file no more. */
  readonly declared?: Schedule
  /** Absent: it was never applied. */
  readonly description?: ScheduleDescription
  readonly drift: readonly Drift[]
}

export interface Applied {
  readonly id: string
  readonly change: 'created' | 'updated' | 'unchanged'
  readonly drift: readonly Drift[]
}

/** What tells our schedules from others' in the namespace. */
const ownMemo = { managedBy: 'tributary' }

const overlaps: Readonly<Record<Schedule['overlap'], ScheduleOverlapPolicy>> = {
  skip: 'SKIP',
  'buffer one': 'BUFFER_ONE',
  'buffer all': 'BUFFER_ALL',
  'cancel other': 'CANCEL_OTHER',
  'terminate other': 'TERMINATE_OTHER',
  'allow all': 'ALLOW_ALL',
}

/** Every declared schedule, in the file's order, and after them what the server has of us besides. */
export const scheduleStates = async (client: Client, schedules: readonly Schedule[]): Promise<ScheduleState[]> => {
  const declared = await Promise.all(
    schedules.map(async (schedule): Promise<ScheduleState> => {
      const description = await describe(client, schedule.id)
      if (description === undefined) return { id: schedule.id, declared: schedule, drift: [] }
      return { id: schedule.id, declared: schedule, description, drift: driftOf(schedule, description) }
    }),
  )
  const others: ScheduleState[] = []
  for await (const { scheduleId, memo } of client.schedule.list()) {
    if (memo?.['managedBy'] !== ownMemo.managedBy || schedules.some(({ id }) => id === scheduleId)) continue
    const description = await describe(client, scheduleId)
    if (description !== undefined) others.push({ id: scheduleId, description, drift: [] })
  }
  return [...declared, ...others]
}

/** Makes the server hold the declared schedules; what it holds already is not touched, and what is paused stays so. */
export const applySchedules = async (client: Client, schedules: readonly Schedule[]): Promise<Applied[]> =>
  Promise.all(
    schedules.map(async (schedule): Promise<Applied> => {
      const { id } = schedule
      const description = await describe(client, id)
      const { spec, action, policies } = optionsOf(schedule)
      if (description === undefined) {
        const state = schedule.startsPaused ? { paused: true, note: 'starts paused, as declared' } : {}
        const creating = client.schedule.create({ scheduleId: id, spec, action, policies, memo: ownMemo, state })
        return creating.then(
          () => ({ id, change: 'created', drift: [] }),
          (error: unknown) => {
            // Another process applies the same file.
            if (error instanceof ScheduleAlreadyRunning) return { id, change: 'unchanged', drift: [] }
            throw error
          },
        )
      }
      const drift = driftOf(schedule, description)
      if (drift.length === 0) return { id, change: 'unchanged', drift }
      await client.schedule.getHandle(id).update(({ state: { paused, note } }) => ({
        spec,
        action,
        policies,
        state: { paused, ...(note === undefined ? {} : { note }) },
      }))
      return { id, change: 'updated', drift }
    }),
  )

const describe = async (client: Client, id: string): Promise<ScheduleDescription | undefined> => {
  try {
    return await client.schedule.getHandle(id).describe()
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined
    throw error
  }
}

const optionsOf = (schedule: Schedule) => {
  const { when, timeZone, jitter, overlap, catchupWindow, pauseOnFailure, pipeline, domain, input } = schedule
  const spec: ScheduleOptions['spec'] = {
    ...('every' in when
      ? { intervals: [{ every: when.every, offset: when.offset ?? 0 }] }
      : { calendars: [calendarOf(when.cron)] }),
    timezone: timeZone,
    jitter,
  }
  const action = {
    type: 'startWorkflow' as const,
    workflowType: pipeline.workflowType,
    workflowId: pipeline.workflowIdPrefix,
    taskQueue: domain,
    args: [input],
    staticSummary: `${pipeline.workflowType} by schedule ${schedule.id}`,
  }
  return { spec, action, policies: { overlap: overlaps[overlap], catchupWindow, pauseOnFailure } }
}

/** The calendar's values one by one: what the server then holds is what was sent, and a difference is somebody's. */
const calendarOf = ({ text, calendar }: Extract<Schedule['when'], { cron: unknown }>['cron']): CalendarSpec => ({
  minute: [...calendar.minute],
  hour: [...calendar.hour],
  dayOfMonth: [...calendar.dayOfMonth],
  month: calendar.month.flatMap((month) => MONTHS[month - 1] ?? []),
  dayOfWeek: calendar.dayOfWeek.flatMap((day) => DAYS_OF_WEEK[day] ?? []),
  comment: text === cronText(calendar) ? text : `${text} (${cronText(calendar)})`,
})
