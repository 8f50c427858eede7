import { SourceChanged } from '../../infra/errors.js'
import type { BirdEyeWork } from './birdeye.js'

/** BirdEye's limit for every endpoint: offset and page together. */
const deepestOffset = 10_000
const repeatsTolerated = 3

/**
 * A list by offset, page by page, until it ends or the caller has enough. Pages may overlap where the list moves meanwhile: telling
 * items apart is the caller's. Throws SourceChanged where the list repeats one page without end.
 */
export async function* readList(
  work: BirdEyeWork,
  endpoint: string,
  query: Readonly<Record<string, string | number>>,
  pageSize: number,
): AsyncGenerator<readonly unknown[]> {
  let previous = ''
  let repeats = 0
  for (let offset = 0; offset < deepestOffset; ) {
    const page = await work.page(endpoint, { ...query, offset }, Math.min(pageSize, deepestOffset - offset))
    if (page.items.length === 0) return
    yield page.items
    if (page.hasNext === false) return
    const text = JSON.stringify(page.items)
    repeats = text === previous ? repeats + 1 : 0
    previous = text
    if (repeats >= repeatsTolerated)
      throw new SourceChanged(`${endpoint} repeats one page at offset ${offset} without end`)
    offset += page.items.length
  }
}
