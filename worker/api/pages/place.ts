import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'

export type Theme = 'light' | 'dark'
export const themeCookie = 'tributary_theme'

/** Where the reader is: a path, what it was asked with, and the moment that all links keep. */
export interface Place {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly theme: Theme | undefined
  /** The address of a page at the same moment. Parameters without a value are left out. */
  link(path: string, parameters?: Readonly<Record<string, string | number | undefined>>): string
  /** This page with some parameters changed. */
  here(changes: Readonly<Record<string, string | number | undefined>>): string
}

export const placeOf = (context: Context): Place => {
  const { path } = context.req
  const query = Object.fromEntries(Object.entries(context.req.query()).filter(([, value]) => value !== ''))
  const { asOf } = query
  const theme = getCookie(context, themeCookie)
  return {
    path,
    query,
    theme: theme === 'light' || theme === 'dark' ? theme : undefined,
    link: (target, parameters = {}) => address(target, { ...parameters, asOf }),
    here: (changes) => address(path, { ...query, ...changes }),
  }
}

const address = (path: string, parameters: Readonly<Record<string, string | number | undefined>>): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))
  return given.length === 0 ? path : `${path}?${query}`
}
