import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { SourceChanged } from '../../infra/errors.js'
import type { Row } from '../../schemas/table.js'
import type { rejectedRows } from '../../schemas/traders/bronze/rejected_rows.js'

export type RejectedRow = Row<typeof rejectedRows>

/** What was asked, for the record of what was refused. */
export interface Question {
  readonly asOf: Date
  readonly endpoint: string
  /** The wallet or token asked about, or nothing. */
  readonly subject: string
}

export const reject = (question: Question, item: unknown, reason: string): RejectedRow => {
  const json = JSON.stringify(item) ?? 'null'
  return {
    as_of: question.asOf,
    endpoint: question.endpoint,
    subject_address: question.subject,
    content_hash: createHash('sha256').update(json).digest('hex'),
    reason,
    raw_json: json,
  }
}

/** The first problems of a refused row, each with its field. */
export const reasonOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'row'}: ${message}`)
    .join('; ')

export interface RefusalLimit {
  readonly share: number
  readonly rows: number
}

/** A few odd rows are the source's everyday; a tenth of a page, and more than a handful, is another contract. */
export const tolerableRefusals: RefusalLimit = { share: 0.1, rows: 5 }

/** Throws SourceChanged where a page has too many refusals, naming the first. */
export const assertTolerable = (
  question: Question,
  items: number,
  rejected: readonly RejectedRow[],
  { share, rows }: RefusalLimit = tolerableRefusals,
): void => {
  const [first] = rejected
  if (first === undefined || rejected.length < rows || rejected.length <= items * share) return
  throw new SourceChanged(
    `${question.endpoint} for ${question.subject || 'the market'}: ${rejected.length} of ${items} items do not fit the schema; the first: ${first.reason}; ${first.raw_json.slice(0, 500)}`,
  )
}

/** Refusals each once, as a page that was read twice brings them twice. */
export const distinctRejections = (rejected: Iterable<RejectedRow>): RejectedRow[] => [
  ...new Map([...rejected].map((row) => [`${row.endpoint} ${row.subject_address} ${row.content_hash}`, row])).values(),
]
