import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type KnownSnapshots, type LakeView, lakeView, type PublishingDomain } from '../../readings/lake_view.js'
import type { LineageEdge } from '../../readings/lineage_graph.js'
import type { Assets } from '../assets.js'
import type { ApiDependencies } from '../dependencies.js'
import { type Place, placeOf } from './place.js'
import { Shell } from './shell.js'

export interface PageDependencies extends ApiDependencies {
  readonly assets: Assets
  readonly known: KnownSnapshots
  /** Which table is derived from which. */
  readonly edges: () => Promise<readonly LineageEdge[]>
}

export interface PageContent {
  readonly title: string
  readonly content: Child
  readonly scriptPath?: string
}

/** Answers with a page about the lake as of the moment that was asked for, and what a domain, or else the first, had published then. */
export const page = async (
  { lake, assets, codeVersion, known }: PageDependencies,
  context: Context,
  content: (view: LakeView, place: Place) => Promise<PageContent>,
  domain?: PublishingDomain,
): Promise<Response> => {
  const place = placeOf(context)
  return lake.session(async (session) => {
    const view = await lakeView(session, place.query['asOf'], known, domain)
    const { title, content: children, scriptPath } = await content(view, place)
    const shell = (
      <Shell {...{ title, place, moment: view.moment, stylePath: assets.style.path, scriptPath, codeVersion }}>
        {children}
      </Shell>
    )
    return context.html(`<!doctype html>${await shell.toString()}`)
  })
}

/** The same for what went wrong, without the lake. */
export const problemPage = async (
  { assets, codeVersion }: Pick<PageDependencies, 'assets' | 'codeVersion'>,
  context: Context,
  { status, message }: { readonly status: ContentfulStatusCode; readonly message: string },
): Promise<Response> => {
  const place = placeOf(context)
  const title = status === 404 ? 'Not there' : status === 503 ? 'Not now' : 'That did not work'
  const shell = (
    <Shell {...{ title, place, moment: undefined, stylePath: assets.style.path, codeVersion }}>
      <h1>{title}</h1>
      <p class="lead">{message}</p>
      <p>
        <a href="/">To the leaderboard</a>
      </p>
    </Shell>
  )
  return context.html(`<!doctype html>${await shell.toString()}`, status)
}
