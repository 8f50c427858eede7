import { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { z } from 'zod'
import { type KnownSnapshots, lakeView } from '../../readings/lake_view.js'
import type { ApiDependencies } from '../dependencies.js'
import { queryAnswer, question } from '../routes/query.js'
import { isoTimes } from './json_row.js'
import { lakeResources } from './lake.js'
import { liveResources } from './live.js'
import { parsed, type Resource } from './resource.js'
import { runResources } from './runs.js'
import { walletResources } from './wallets.js'

export const resources: readonly Resource[] = [...walletResources, ...liveResources, ...runResources, ...lakeResources]

/** `/api/v1`: everything that pages show, as JSON; its OpenAPI document is made from the schemas that read and check it. */
export const v1Routes = (dependencies: ApiDependencies): Hono => {
  const routes = new Hono()
  const known: KnownSnapshots = new Map()
  for (const { path, query, read } of resources) {
    routes.get(`/api/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, (context) => {
      const { asOf, ...given } = parsed(query, context.req.query())
      return dependencies.lake.session(async (session) => {
        const view = await lakeView(session, asOf === undefined ? undefined : String(asOf), known)
        const answer = await read(view, context.req.param(), given, dependencies)
        const { snapshotId, time, published } = view.moment
        return context.json({ asOf: { snapshotId, time, run: published?.logicalRun ?? null }, ...iso(answer) })
      })
    })
  }
  let document: object | undefined
  routes.get('/api/v1/openapi.json', (context) => {
    document ??= openApiDocument()
    return context.json(document)
  })
  return routes
}

const iso = (answer: object): object =>
  Object.fromEntries(
    Object.entries(answer)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, isoTimes(each)]),
  )

const problem = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** What the API is, for programs that make clients of it. */
export const openApiDocument = (): object => {
  const { openAPIRegistry, getOpenAPI31Document } = new OpenAPIHono()
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  for (const { path, summary, parameters, query, answer } of resources) {
    openAPIRegistry.registerPath({
      method: 'get',
      path,
      summary,
      request: { params: parameters, query },
      responses: {
        200: { description: 'what was known then', content: json(answer) },
        400: { description: 'asked with something it does not understand', content: json(problem) },
        404: { description: 'nothing of this name was there', content: json(problem) },
        503: { description: 'the lake or Temporal does not answer', content: json(problem) },
      },
    })
  }
  openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  openAPIRegistry.registerPath({
    method: 'post',
    path: '/query',
    summary: 'One SELECT over the lake as it is now, read-only, within limits of time, rows and memory',
    security: [{ token: [] }],
    request: { body: { required: true, content: json(question) } },
    responses: {
      200: { description: 'what it selects', content: json(queryAnswer) },
      400: { description: 'it was refused, failed, took too long or answers too much', content: json(problem) },
      401: { description: 'without the token', content: json(problem) },
      503: { description: 'the lake does not answer', content: json(problem) },
    },
  })
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Tributary',
      version: '1',
      description:
        'What the pipeline knows, as of any snapshot. Money, amounts and counts of 64 bits are texts with every digit; times are ISO 8601 in UTC.',
    },
    servers: [{ url: '/api/v1' }],
  })
}
