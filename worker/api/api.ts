import { type Context, Hono } from 'hono'
import { readAssets } from './assets.js'
import type { ApiDependencies } from './dependencies.js'
import { guard } from './guard.js'
import { dashboardRoutes } from './pages/index.js'
import { problemPage } from './pages/page.js'
import { notFound, problemOf } from './problem.js'
import { healthRoutes } from './routes/health.js'
import { heliusPath, receiverRoutes } from './routes/helius_deliveries.js'
import { metricsRoutes } from './routes/metrics.js'
import { queryRoutes } from './routes/query.js'
import { signInRoutes } from './routes/sign_in.js'
import { v1Routes } from './v1/index.js'

type Routes = (dependencies: ApiDependencies) => Hono

/** The table of contents: a noun is a file in routes/ and one line here. */
const mounted: readonly Routes[] = [
  healthRoutes,
  metricsRoutes,
  signInRoutes,
  dashboardRoutes,
  v1Routes,
  queryRoutes,
  receiverRoutes,
]

/** Everything that is served over HTTP: pages, API, receivers. It opens nothing: what it works with is handed in. */
export const createApi = (dependencies: ApiDependencies): Hono => {
  const { config, token } = dependencies
  const assets = readAssets()
  const api = new Hono()
  api.use(
    guard({
      token,
      allowedHosts: config.api.allowedHosts,
      readsNeedToken: !isLoopback(config.api.host),
      ownSecret: [heliusPath],
      open: ['/healthz', '/readyz', '/metrics', '/sign-in'],
    }),
  )
  for (const routes of mounted) api.route('/', routes(dependencies))
  api.notFound((context) => {
    throw notFound(`there is nothing at ${context.req.path}`)
  })
  api.onError((error, context) => {
    const { status, code, message } = problemOf(error)
    if (status === 500) dependencies.log(`${context.req.method} ${context.req.path}: ${error.stack ?? error.message}`)
    if (wantsPage(context)) return problemPage({ ...dependencies, assets }, context, { status, message })
    return context.json({ error: { code, message } }, status)
  })
  return api
}

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)

/** A browser that goes to a page; whatever asks the API reads JSON. */
const wantsPage = ({ req }: Context): boolean =>
  !/^\/(api|webhooks)\//.test(req.path) && (req.header('accept') ?? '').includes('text/html')
