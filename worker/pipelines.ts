import type { z } from 'zod'
import { InvalidInput } from '../infra/errors.js'
import { inputProblems } from '../schemas/input.js'
import { smartTradersInput } from '../schemas/traders/smart_traders_input.js'

/** A domain's main workflow, as people start it. */
export interface Pipeline {
  readonly name: string
  readonly workflowType: string
  /** The business key that its workflow ids begin with. */
  readonly workflowIdPrefix: string
  readonly input: z.ZodType<{ asOf?: string | undefined }>
}

const pipelines: readonly Pipeline[] = [
  {
    name: 'traders',
    workflowType: 'smartTraders',
    workflowIdPrefix: 'traders/smart-traders',
    input: smartTradersInput,
  },
]

/** Throws InvalidInput, listing the pipelines, for a name that is none. */
export const pipelineNamed = (name: string): Pipeline => {
  const found = pipelines.find((pipeline) => pipeline.name === name)
  if (found !== undefined) return found
  throw new InvalidInput(
    `"${name}" is not a pipeline; there is ${pipelines.map((pipeline) => pipeline.name).join(', ')}`,
  )
}

/** The input with its logical time settled. Throws InvalidInput, a line per problem, before anything is started. */
export const parsePipelineInput = (pipeline: Pipeline, text: string): object & { asOf: string } => {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    throw new InvalidInput(
      `--input is not JSON: ${cause instanceof Error ? cause.message : cause}; give one JSON object, like '{}'`,
      { cause },
    )
  }
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
