import { count } from '../../format.js'
import type { Place } from './place.js'

interface PagerProps {
  readonly place: Place
  /** The parameter that holds the number of the page, from 1. */
  readonly name?: string
  readonly page: number
  readonly size: number
  readonly total: number
  readonly what: string
}

/** Leads to the pages before and after; nothing where all is on one. */
export const Pager = ({ place, name = 'page', page, size, total, what }: PagerProps) => {
  const last = Math.max(1, Math.ceil(total / size))
  if (last === 1) return null
  const from = (page - 1) * size
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <span>
        {count(from + 1)} to {count(Math.min(total, from + size))} of {count(total)} {what}
      </span>
      {page > 1 ? <a href={place.here({ [name]: page === 2 ? undefined : page - 1 })}>Previous</a> : null}
      {page < last ? <a href={place.here({ [name]: page + 1 })}>Next</a> : null}
    </nav>
  )
}

/** The page that was asked for; the first where that is none. */
export const pageNumber = (place: Place, name = 'page'): number => {
  const page = Number(place.query[name] ?? 1)
  return Number.isInteger(page) && page >= 1 && page <= 1_000_000 ? page : 1
}
