import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

const types = { css: 'text/css; charset=utf-8', mjs: 'text/javascript; charset=utf-8' } as const

interface Asset {
  /** Names the content, so that a browser may keep it for ever. */
  readonly path: string
  readonly type: string
  readonly content: string
}

export interface Assets {
  readonly style: Asset
  readonly live: Asset
}

/** Reads what pages load besides themselves: one style sheet, and the script of the live feed. */
export const readAssets = (): Assets => ({ style: asset('dashboard', 'css'), live: asset('live', 'mjs') })

const asset = (name: string, extension: keyof typeof types): Asset => {
  const content = readFileSync(new URL(`./assets/${name}.${extension}`, import.meta.url), 'utf8')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { path: `/assets/${name}.${hash}.${extension}`, type: types[extension], content }
}

const yearSeconds = 31_536_000

export const assetRoutes = (assets: Assets): Hono => {
  const routes = new Hono()
  for (const { path, type, content } of Object.values(assets)) {
    routes.get(path, (context) =>
      context.body(content, 200, {
        'Content-Type': type,
        'Cache-Control': `public, max-age=${yearSeconds}, immutable`,
      }),
    )
  }
  return routes
}
