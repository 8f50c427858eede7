import { SourceChanged } from '../../infra/errors.js'
import { isItem } from './birdeye_fields.js'

/** What an endpoint that pages answers. */
export interface Page {
  readonly items: readonly unknown[]
  /** Absent where the answer does not say. */
  readonly hasNext: boolean | undefined
}

/** Reads a page from a success's body; nothing where it is not surely one, and has to be parsed and judged. */
export type PageReader = (body: Buffer) => Page | undefined

/** The page in an answer's `data`, under any of the names that BirdEye's endpoints give its parts. */
export const toPage = (endpoint: string, data: unknown): Page => {
  const fields = isItem(data) ? data : {}
  const items = fields['items'] === undefined ? fields['tokens'] : fields['items']
  const hasNext = fields['hasNext'] ?? fields['has_next']
  if (Array.isArray(items)) return { items, hasNext: typeof hasNext === 'boolean' ? hasNext : undefined }
  if (items === null) return { items: [], hasNext: false }
  throw new SourceChanged(
    `${endpoint} answered without a list of items; there is: ${Object.keys(fields).slice(0, 20).join(', ') || typeof data}`,
  )
}
