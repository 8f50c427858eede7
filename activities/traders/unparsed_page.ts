import { SourceUnavailable } from '../../infra/errors.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { isItem } from './birdeye_fields.js'
import { type Page, toPage } from './birdeye_page.js'

/** What stands before and after the items of a page is short. */
const edgeBytes = 512
const secondsName = '"block_unix_time":'
/** How items part, with the offset of the comma. Where they part otherwise, lines are no JSON, and DuckDB says so. */
const seams = ['},{', '}, {']
const [newline, space, comma, zero, nine, bracket, brace] = [0x0a, 0x20, 0x2c, 0x30, 0x39, 0x5d, 0x7d]
const utf8 = new TextDecoder()

/**
 * A page of swaps of which only what paging needs was read: DuckDB reads the items, see `stageSwaps`. Nothing of its size is copied
 * or decoded: collecting that garbage would cost more than reading it.
 */
export class UnparsedPage implements Page {
  /** Where `lines` put newlines in place of commas. */
  readonly #commas: number[] = []

  private constructor(
    private readonly endpoint: string,
    private readonly body: Buffer,
    private readonly start: number,
    private readonly end: number,
    readonly hasNext: boolean | undefined,
    /** The items' block times, in their order. */
    readonly seconds: readonly number[],
  ) {}

  /** The page that a body is; nothing where it is not surely a success with items, or tells their times in another way. */
  static of(endpoint: string, body: Buffer): UnparsedPage | undefined {
    const start = body.subarray(0, edgeBytes).indexOf('[') + 1
    const end = body.lastIndexOf(']')
    if (start === 0 || end < start || body.length - end > edgeBytes) return undefined
    // `toSwap` takes NUL out of texts.
    if (body.includes('\\u0000')) return undefined
    const envelope = envelopeOf(body.toString('latin1', 0, start) + body.toString('latin1', end))
    if (envelope?.['success'] !== true || !isListed(envelope['data'])) return undefined
    const seconds = secondsIn(body)
    if (seconds.length === 0) return undefined
    return new UnparsedPage(endpoint, body, start, end, toPage(endpoint, envelope['data']).hasNext, seconds)
  }

  get bytes(): number {
    return this.end - this.start
  }

  /** The items a line each, which DuckDB reads in a third less time than an array: in the body itself, until they are parsed. */
  lines(): Buffer {
    const lines = this.body.subarray(this.start, this.end + 1)
    for (const seam of seams) {
      for (let at = lines.indexOf(seam); at >= 0; at = lines.indexOf(seam, at + seam.length)) this.#commas.push(at + 1)
    }
    for (const at of this.#commas) lines[at] = newline
    this.body[this.end] = newline
    return lines
  }

  /** The items, parsed after all. Throws SourceUnavailable where they are no JSON: asked again, the source may send some. */
  get items(): readonly unknown[] {
    for (const at of this.#commas.splice(0)) this.body[this.start + at] = comma
    this.body[this.end] = bracket
    try {
      const { data } = parseLossless(utf8.decode(this.body)) as { data: unknown }
      return toPage(this.endpoint, data).items
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new SourceUnavailable(`${this.endpoint} answered with broken JSON`, undefined, { cause })
    }
  }
}

const envelopeOf = (text: string): Record<string, unknown> | undefined => {
  try {
    const envelope: unknown = JSON.parse(text)
    return isItem(envelope) ? envelope : undefined
  } catch {
    return undefined
  }
}

const isListed = (data: unknown): boolean => isItem(data) && Array.isArray(data['items'])

/** All of them, or none where one is not written as a whole number. A quote inside a text is escaped, so the name is found in none. */
const secondsIn = (body: Buffer): number[] => {
  const found: number[] = []
  for (let at = body.indexOf(secondsName); at >= 0; at = body.indexOf(secondsName, at)) {
    at += secondsName.length
    while (body[at] === space) at += 1
    let seconds = 0
    let byte = body[at] ?? 0
    if (byte < zero || byte > nine) return []
    for (; byte >= zero && byte <= nine; byte = body[at] ?? 0) {
      seconds = seconds * 10 + byte - zero
      at += 1
    }
    if ((byte !== comma && byte !== brace && byte > space) || !Number.isSafeInteger(seconds)) return []
    found.push(seconds)
  }
  return found
}
