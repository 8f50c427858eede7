import { Hono } from 'hono'
import { domains } from '../../domains.js'
import { readEdges } from '../../readings/lineage_graph.js'
import { assetRoutes, readAssets } from '../assets.js'
import type { ApiDependencies } from '../dependencies.js'
import { billingPage } from './billing.js'
import { dataPage } from './data.js'
import { leaderboardPage } from './leaderboard.js'
import { livePage } from './live.js'
import { operationsPage } from './operations.js'
import { runsPage } from './runs.js'
import { tablePage } from './table.js'
import { themeRoute } from './theme.js'
import { tokensPage } from './tokens.js'
import { walletPage } from './wallet.js'

const pages = [
  leaderboardPage,
  walletPage,
  tokensPage,
  livePage,
  billingPage,
  runsPage,
  dataPage,
  tablePage,
  operationsPage,
]

/** The dashboard: pages that are made on the server, one file each, and one line here. */
export const dashboardRoutes = (dependencies: ApiDependencies): Hono => {
  const assets = readAssets()
  const defined = domains.map(({ domain }) => domain)
  // Definitions do not change while a process runs, and reading what follows from what takes a parser.
  let edges: ReturnType<typeof readEdges> | undefined
  const shared = {
    ...dependencies,
    assets,
    known: new Map(),
    edges: () => {
      edges ??= readEdges(defined)
      return edges
    },
  }
  const routes = new Hono().route('/', assetRoutes(assets)).route('/', themeRoute())
  for (const each of pages) routes.route('/', each(shared))
  return routes
}
