import { z } from 'zod'
import { InvalidInput } from '../../../infra/errors.js'
import { inputProblems } from '../../../schemas/input.js'
import type { LakeView } from '../../readings/lake_view.js'
import type { ApiDependencies } from '../dependencies.js'
import { moment } from './json_row.js'

/** What a reading route is asked with; each text of a query as its schema reads it. */
interface Asked<Parameters, Query> {
  readonly parameters: Parameters
  readonly query: Query
  readonly dependencies: ApiDependencies
}

interface Definition<P extends z.ZodRawShape, Q extends z.ZodRawShape> {
  /** As OpenAPI spells it: `/wallets/{address}`. */
  readonly path: string
  readonly summary: string
  readonly parameters?: P
  readonly query?: Q
  /** What is answered beside `asOf`. */
  readonly answer: z.ZodRawShape
  readonly read: (view: LakeView, asked: Asked<z.infer<z.ZodObject<P>>, z.infer<z.ZodObject<Q>>>) => Promise<object>
}

/** One reading route: how it is asked, what it answers, and how it finds that out. */
export interface Resource {
  readonly path: string
  readonly summary: string
  readonly parameters: z.ZodObject
  readonly query: z.ZodObject
  readonly answer: z.ZodObject
  /** Throws InvalidInput, naming the field, where it is asked with something else. */
  readonly read: (view: LakeView, parameters: object, query: object, dependencies: ApiDependencies) => Promise<object>
}

const asOf = z.string().optional().describe('the lake as it was: a snapshot’s number, or a time; the newest if absent')

/** The moment that an answer is of. */
const momentAnswer = z.object({
  snapshotId: z.int(),
  time: moment,
  run: z.string().nullable().describe('the logical time of the run that was published then'),
})

const most = 500
const count = (byDefault: number, maximum: number) => z.coerce.number().int().min(1).max(maximum).default(byDefault)

/** How much of a list, and from where. */
export const paging = {
  limit: count(50, most).describe(`how many, ${most} at most`),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0).describe('how many are left out before'),
}

export const limit = { limit: paging.limit }

/** One page of a list. */
export const list = (item: z.ZodType) => ({
  items: z.array(item),
  total: z.int().describe('how many there are on all pages').optional(),
})

export const defineResource = <
  P extends z.ZodRawShape = Record<never, never>,
  Q extends z.ZodRawShape = Record<never, never>,
>(
  definition: Definition<P, Q>,
): Resource => {
  const parameters = z.object(definition.parameters ?? ({} as P))
  const query = z.object(definition.query ?? ({} as Q))
  return {
    path: definition.path,
    summary: definition.summary,
    parameters,
    query: z.strictObject({ ...query.shape, asOf }),
    answer: z.object({ asOf: momentAnswer, ...definition.answer }),
    read: async (view, givenParameters, givenQuery, dependencies) =>
      definition.read(view, {
        parameters: parsed(parameters, givenParameters),
        query: parsed(query, givenQuery),
        dependencies,
      }),
  }
}

/** The value as the schema reads it. Throws InvalidInput, a field a line. */
export const parsed = <Schema extends z.ZodType>(schema: Schema, given: object): z.output<Schema> => {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  throw new InvalidInput(inputProblems(result.error, given).join('; '))
}
