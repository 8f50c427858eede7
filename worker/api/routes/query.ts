import { Hono } from 'hono'
import { z } from 'zod'
import { InvalidInput, SourceUnavailable } from '../../../infra/errors.js'
import type { ApiDependencies } from '../dependencies.js'

const question = z.strictObject({ sql: z.string().min(1) })

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
