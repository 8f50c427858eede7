import { Hono } from 'hono'
import { createLakeGauges } from '../../../infra/lake/lake_gauges.js'
import type { ApiDependencies } from '../dependencies.js'

const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** `GET /metrics`: the lake, and this process. A worker's own numbers are at the worker's address. */
export const metricsRoutes = ({ lake, metrics }: ApiDependencies): Hono => {
  const gauges = createLakeGauges(lake)
  return new Hono().get('/metrics', async (context) => {
    const texts = await Promise.all([gauges.text(), metrics.registry.metrics()])
    return context.body(texts.join('\n'), 200, { 'content-type': contentType })
  })
}
