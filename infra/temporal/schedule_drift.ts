import {
  type CalendarSpecDescription,
  DAYS_OF_WEEK,
  MONTHS,
  type Range,
  type ScheduleDescription,
} from '@temporalio/client'
import { cronText } from '../../schemas/cron.js'
import { durationText } from '../../schemas/duration.js'
import type { Schedule } from '../../schemas/schedule.js'

/** A field of a schedule that the server holds otherwise than the file. */
export interface Drift {
  readonly field: string
  readonly file: string
  readonly server: string
}

type Fields = Readonly<Record<string, string>>

/** What differs, field by field. Whether it is paused is the operator's to say and no drift. */
export const driftOf = (schedule: Schedule, description: ScheduleDescription): Drift[] => {
  const server = serverFields(description)
  return Object.entries(declaredFields(schedule)).flatMap(([field, file]) =>
    server[field] === file ? [] : [{ field, file, server: server[field] ?? '' }],
  )
}

/** When a schedule starts something, as its calendar or interval says. */
export const timingText = ({ when }: Schedule): string =>
  'every' in when ? intervalText(when) : cronText(when.cron.calendar)

const intervalText = ({ every, offset = 0 }: { every: number; offset?: number | undefined }): string =>
  `every ${durationText(every)}${offset === 0 ? '' : ` and ${durationText(offset)}`}`

const declaredFields = (schedule: Schedule): Fields => ({
  workflow: schedule.pipeline.workflowType,
  'task queue': schedule.domain,
  'workflow id': schedule.pipeline.workflowIdPrefix,
  input: JSON.stringify([schedule.input]),
  when: timingText(schedule),
  'time zone': schedule.timeZone,
  jitter: durationText(schedule.jitter),
  overlap: schedule.overlap,
  'catch-up window': durationText(schedule.catchupWindow),
  'pause on failure': String(schedule.pauseOnFailure),
  limits: 'none',
})

const serverFields = ({ action, spec, policies, state }: ScheduleDescription): Fields => ({
  workflow: action.workflowType,
  'task queue': action.taskQueue,
  'workflow id': action.workflowId,
  input: JSON.stringify(action.args ?? []),
  when: [...(spec.calendars ?? []).map(calendarText), ...(spec.intervals ?? []).map(intervalText)].join(' and '),
  'time zone': spec.timezone || 'UTC',
  jitter: durationText(spec.jitter ?? 0),
  overlap: (policies.overlap ?? 'SKIP').toLowerCase().replace('_', ' '),
  'catch-up window': durationText(policies.catchupWindow),
  'pause on failure': String(policies.pauseOnFailure),
  limits:
    Object.entries({
      from: spec.startAt?.toISOString(),
      until: spec.endAt?.toISOString(),
      skips: spec.skip?.length || undefined,
      'starts left': state.remainingActions,
    }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))[0] ?? 'none',
})

const numbersOf = (ranges: readonly Range<number>[]): number[] => {
  const values = ranges.flatMap(({ start, end, step }) =>
    Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step),
  )
  return [...new Set(values)].sort((one, other) => one - other)
}

const positions = <Name extends string>(names: readonly Name[], first: number, ranges: readonly Range<Name>[]) =>
  numbersOf(
    ranges.map(({ start, end, step }) => ({
      start: names.indexOf(start) + first,
      end: names.indexOf(end) + first,
      step,
    })),
  )

const calendarText = ({
  second,
  minute,
  hour,
  dayOfMonth,
  month,
  dayOfWeek,
  year,
}: CalendarSpecDescription): string => {
  const cron = cronText({
    minute: numbersOf(minute),
    hour: numbersOf(hour),
    dayOfMonth: numbersOf(dayOfMonth),
    month: positions(MONTHS, 1, month),
    dayOfWeek: positions(DAYS_OF_WEEK, 0, dayOfWeek),
  })
  const seconds = numbersOf(second).join(',')
  return [
    cron,
    ...(seconds === '0' ? [] : [`at second ${seconds}`]),
    ...(year.length === 0 ? [] : ['in some years']),
  ].join(' ')
}
