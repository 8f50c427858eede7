/** The values at which each field of a calendar matches, ascending. Days of the week count from Sunday, 0; months from 1. */
export interface Calendar {
  readonly minute: readonly number[]
  readonly hour: readonly number[]
  readonly dayOfMonth: readonly number[]
  readonly month: readonly number[]
  readonly dayOfWeek: readonly number[]
}

export type CalendarField = keyof Calendar

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** In the order of a cron expression. */
export const calendarFields: readonly { name: CalendarField; from: number; to: number; names?: readonly string[] }[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'dayOfMonth', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: months },
  { name: 'dayOfWeek', from: 0, to: 6, names: days },
]

type Field = (typeof calendarFields)[number]

const numberAt = (text: string, { from, names }: Field): number => {
  const named = names?.indexOf(text.toLowerCase().slice(0, 3)) ?? -1
  return named >= 0 ? named + from : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
}

const valuesOf = (text: string, field: Field): number[] => {
  const { name, from, to } = field
  const found = text.split(',').flatMap((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    const [first = '', last] = range === '*' ? [String(from), String(to)] : range.split('-')
    // As in cron, a step without an end goes on to the field's end.
    const begin = numberAt(first, field)
    const end = last === undefined ? (step === undefined ? begin : to) : numberAt(last, field)
    // Sunday may be written 7.
    const limit = name === 'dayOfWeek' ? 7 : to
    const isGood = begin >= from && end <= limit && begin <= end && Number(step ?? 1) >= 1
    if (!isGood) throw new Error(`${name} "${part}" is not within ${from} to ${to}`)
    return Array.from({ length: Math.floor((end - begin) / Number(step ?? 1)) + 1 }, (_, index) => {
      const value = begin + index * Number(step ?? 1)
      return name === 'dayOfWeek' ? value % 7 : value
    })
  })
  return [...new Set(found)].sort((one, other) => one - other)
}

/**
 * The calendar of a cron expression of five fields. Throws an Error that names the field. One with both a day of the month and a day
 * of the week is refused: cron takes either, Temporal takes both, and nobody remembers which.
 */
export const parseCron = (text: string): Calendar => {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== calendarFields.length)
    throw new Error('must have five fields: minute, hour, day of month, month, day of week')
  const values = calendarFields.map((field, index) => valuesOf(parts[index] ?? '', field))
  const [minute = [], hour = [], dayOfMonth = [], month = [], dayOfWeek = []] = values
  if (dayOfMonth.length < 31 && dayOfWeek.length < 7)
    throw new Error('restricts the day of the month and the day of the week; keep one of them, or make two schedules')
  return { minute, hour, dayOfMonth, month, dayOfWeek }
}

/** A calendar as a cron expression: each field `*` or its values. */
export const cronText = (calendar: Calendar): string =>
  calendarFields
    .map(({ name, from, to }) => (calendar[name].length === to - from + 1 ? '*' : calendar[name].join(',')))
    .join(' ')
