import { Hono } from 'hono'
import { z } from 'zod'
import { InvalidInput, SourceUnavailable } from '../../../infra/errors.js'
import type { ApiDependencies } from '../dependencies.js'

/** What `POST /api/v1/query` is asked with, and what it answers. */
export const question = z.strictObject({
  sql: z.string().min(1).describe('one SELECT over tables and views of the lake'),
})
export const queryAnswer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())).describe('integers beyond 32 bits, decimals and times are texts'),
  truncated: z.boolean().describe('whether there were more rows'),
})

/**
 * `POST /api/v1/query` with `{"sql": "SELECT ..."}`: `{columns, rows, truncated}`. The SQL runs in a process of its own that reads
 * the lake and nothing else, within limits: see infra/lake/read_only_query.ts.
 */
export const queryRoutes = ({ queries }: ApiDependencies): Hono =>
  new Hono().post('/api/v1/query', async (context) => {
    const given = question.safeParse(await context.req.json().catch(() => undefined))
    if (!given.success) throw new InvalidInput('the body must be {"sql": "SELECT ..."} and nothing else')
    if (queries === undefined) throw new SourceUnavailable('this server answers no queries')
    return context.json(await queries.run(given.data.sql))
  })
