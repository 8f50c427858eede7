import { z } from 'zod'

const unitMs = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
const units = Object.entries(unitMs).toReversed()

/** A length of time as a person writes it, `6 hours` or `90 seconds`; resolves to milliseconds. */
export const duration = z.string().transform((text, context) => {
  const [, count = '', unit = ''] = /^(\d{1,6}) (second|minute|hour|day)s?$/.exec(text) ?? []
  const found = units.find(([name]) => name === unit)
  if (found !== undefined) return Number(count) * found[1]
  context.addIssue({ code: 'custom', message: 'must be a number and a unit, like 30 minutes, 6 hours or 1 day' })
  return z.NEVER
})

/** `6 hours` of 21600000: in the largest unit that leaves no rest. */
export const durationText = (milliseconds: number): string => {
  const [name, size] = units.find(([, each]) => milliseconds >= each && milliseconds % each === 0) ?? ['second', 1_000]
  const count = milliseconds / size
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
