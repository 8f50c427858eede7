import { z } from 'zod'

/** One line per problem of an input, naming the field, the value given and what it must be. */
export const inputProblems = (error: z.ZodError, given: unknown): string[] =>
  error.issues.flatMap((issue) => {
    const field = issue.path.join('.') || 'the input'
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not a field of this input`)
    }
    const value = issue.path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
      given,
    )
    return [`${field} is ${JSON.stringify(value)}: ${issue.message}`]
  })

/** A part of an input whose every field has a default, so that it may be left out. */
export const inputPart = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never)
