import { z } from 'zod'
import { InvalidInput } from '../infra/errors.js'
import type { Domain, Pipeline } from '../schemas/domain.js'
import { inputProblems } from '../schemas/input.js'
import { domains } from './domains.js'

/** The domain whose pipeline goes by this name. Throws InvalidInput, listing the names, where there is none. */
export const domainNamed = (name: string): Domain => {
  const found = domains.find(({ domain }) => domain.name === name)
  if (found !== undefined) return found.domain
  throw new InvalidInput(`"${name}" is not a pipeline; there is ${domains.map(({ domain }) => domain.name).join(', ')}`)
}

/** The input with its logical time settled. Throws InvalidInput, a line per problem, before anything is started. */
export const parsePipelineInput = (pipeline: Pipeline, text: string): object & { asOf: string } => {
  const given = parseJson(text)
  const parsed = pipeline.input.safeParse(given)
  if (!parsed.success) {
    throw new InvalidInput(
      `--input cannot be used:\n${inputProblems(parsed.error, given)
        .map((line) => `  ${line}`)
        .join('\n')}`,
    )
  }
  const asOf = parsed.data.asOf === undefined ? new Date() : new Date(parsed.data.asOf)
  return { ...(given as object), asOf: asOf.toISOString() }
}

/** The object that `--input` is. Throws InvalidInput where it is none. */
export const jsonObject = (text: string): Record<string, unknown> => {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new InvalidInput(`--input is ${text}: give one JSON object, like '{}'`)
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInput(
      `--input is not JSON: ${cause instanceof Error ? cause.message : cause}; give one JSON object, like '{}'`,
      { cause },
    )
  }
}
