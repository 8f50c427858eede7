import type { Calendar } from './cron.js'
import type { Timing } from './schedule.js'

const minuteMs = 60_000
const dayMs = 86_400_000

/**
 * The times from `from` on and before `to`, ascending, as epoch milliseconds, at which a schedule starts something. As with Temporal a
 * time that the clocks leave out is left out; of one that they show twice both are given, where Temporal takes one or the other.
 */
export function* timesBetween(when: Timing, timeZone: string, from: number, to: number): Generator<number> {
  if ('every' in when) {
    const { every, offset = 0 } = when
    for (let time = Math.ceil((from - offset) / every) * every + offset; time < to; time += every) yield time
    return
  }
  const localTime = clockOf(timeZone)
  // A day's times, wherever on earth, begin and end within a day of its UTC ones.
  for (let day = Math.floor(from / dayMs) - 1; day * dayMs < to + dayMs; day += 1) {
    yield* dayTimes(when.cron.calendar, day * dayMs, localTime).filter((time) => time >= from && time < to)
  }
}

/** The times of one day of the calendar, which is given by its midnight as if it were UTC's. */
const dayTimes = (
  { minute, hour, dayOfMonth, month, dayOfWeek }: Calendar,
  midnight: number,
  localTime: (time: number) => number,
): number[] => {
  const date = new Date(midnight)
  const isDay =
    dayOfMonth.includes(date.getUTCDate()) &&
    month.includes(date.getUTCMonth() + 1) &&
    dayOfWeek.includes(date.getUTCDay())
  if (!isDay) return []
  // The offsets in force around the day: one, or two where the clocks change.
  const offsets = new Set([midnight - dayMs, midnight + 2 * dayMs].map((time) => localTime(time) - time))
  const shown = hour.flatMap((hours) => minute.map((minutes) => midnight + (hours * 60 + minutes) * minuteMs))
  return shown
    .flatMap((local) => [...offsets].map((offset) => local - offset).filter((time) => localTime(time) === local))
    .sort((one, other) => one - other)
}

/** What a time zone's clocks show at a time, as if it were UTC. */
const clockOf = (timeZone: string): ((time: number) => number) => {
  if (timeZone === 'UTC') return (time) => time
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  return (time) => {
    const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second)
  }
}
