import { describe, expect, test } from 'vitest'
import { cronText, parseCron } from '../../schemas/cron.js'
import { lake } from '../../schemas/lake/index.js'
import { declareSchedules } from '../../schemas/schedule.js'
import { traders } from '../../schemas/traders/index.js'
import { schedules } from '../../worker/schedules.js'

type Declared = Parameters<typeof declareSchedules>[0][number]

const good: Declared = {
  id: 'good',
  domain: traders,
  when: { cron: '0 6 * * *' },
  overlap: 'skip',
  catchupWindow: '1 hour',
  pauseOnFailure: false,
}
const refusal = (changes: object): string => {
  try {
    declareSchedules([{ ...good, ...changes }])
    return ''
  } catch (error) {
    return String(error)
  }
}

describe('a declared schedule', () => {
  test.each<[object, RegExp]>([
    [{ catchupWindow: undefined }, /good: catchupWindow is undefined: .*expected string/],
    [{ catchupWindow: '1 second' }, /catchupWindow is "1 second": must be 10 seconds or more/],
    [{ jitter: 'soon' }, /jitter is "soon": must be a number and a unit/],
    [{ overlap: 'queue' }, /overlap is "queue": .*"buffer one"/],
    [{ timeZone: 'Mars/Olympus' }, /timeZone is "Mars\/Olympus": must be a time zone/],
    [{ id: 'Not One' }, /id is "Not One": must be lower-case/],
    [{ when: { every: '0 hours' } }, /when/],
    [{ input: { tokens: { limit: -1 } } }, /input\.tokens\.limit is -1/],
    [{ input: { asOf: '2026-11-21T06:00:00Z' } }, /input\.asOf .*the schedule says it/],
    [{ colour: 1 }, /colour is not a field/],
  ])('is refused with its field: %j', (changes, message) => {
    expect(refusal(changes)).toMatch(message)
  })

  test('is one of its id', () => {
    expect(() => declareSchedules([good, { ...good, domain: lake }])).toThrow(/good: is declared twice/)
  })

  test('says what Temporal would otherwise choose', () => {
    for (const { id, catchupWindow } of schedules) expect(catchupWindow, id).toBeLessThan(7 * 86_400_000)
  })
})

describe('a cron expression', () => {
  test.each([
    ['*/20 9-17/4 * jan,jul mon-fri', '0,20,40 9,13,17 * 1,7 1,2,3,4,5'],
    ['5/30 * 1 * 0-7', '5,35 * 1 * *'],
    ['0 0 * * 7', '0 0 * * 0'],
  ])('%s is %s', (text, values) => {
    expect(cronText(parseCron(text))).toBe(values)
  })

  test.each([
    ['0 6 * *', /five fields/],
    ['60 6 * * *', /minute "60" is not within 0 to 59/],
    ['0 6 0 * *', /dayOfMonth "0"/],
    ['0 5-3 * * *', /hour "5-3"/],
    ['0 */0 * * *', /hour "\*\/0"/],
    ['0 6 1 * mon', /day of the month and the day of the week/],
  ])('%s is refused, naming the field', (text, message) => {
    expect(() => parseCron(text)).toThrow(message)
  })
})
