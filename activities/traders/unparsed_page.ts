import { SourceUnavailable } from '../../infra/errors.js'
import { parseLossless } from '../../infra/http/lossless_json.js'
import { isItem } from './birdeye_fields.js'
import { type Page, toPage } from './birdeye_page.js'

/** What stands before and after the items of a page is short. */
const edgeCharacters = 512
const secondsName = '"block_unix_time":'
const [space, zero, nine, comma, brace] = [0x20, 0x30, 0x39, 0x2c, 0x7d]
const utf8 = new TextDecoder()

/** A page of swaps of which only what paging needs was read: DuckDB reads the items, see `stageSwaps`. */
export class UnparsedPage implements Page {
  private constructor(
    private readonly endpoint: string,
    private readonly body: Buffer,
    /** The items as they came, with commas between. */
    readonly json: Buffer,
    readonly hasNext: boolean | undefined,
    /** Their block times, in their order. */
    readonly seconds: readonly number[],
  ) {}

  /** The page that a body is; nothing where it is not surely a success with items, or tells their times in another way. */
  static of(endpoint: string, body: Buffer): UnparsedPage | undefined {
    // One character a byte: places in the text are places in the body.
    const text = body.toString('latin1')
    const start = text.indexOf('[') + 1
    const end = text.lastIndexOf(']')
    if (start === 0 || start > edgeCharacters || end < start || text.length - end > edgeCharacters) return undefined
    // `toSwap` takes NUL out of texts.
    if (text.includes('\\u0000')) return undefined
    const envelope = envelopeOf(text.slice(0, start) + text.slice(end))
    const seconds = secondsIn(text)
    if (envelope?.['success'] !== true || !isListed(envelope['data']) || seconds.length === 0) return undefined
    const { hasNext } = toPage(endpoint, envelope['data'])
    return new UnparsedPage(endpoint, body, body.subarray(start, end), hasNext, seconds)
  }

  /** The items, parsed after all. Throws SourceUnavailable where they are no JSON: asked again, the source may send some. */
  get items(): readonly unknown[] {
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
const secondsIn = (text: string): number[] => {
  const found: number[] = []
  for (let at = text.indexOf(secondsName); at >= 0; at = text.indexOf(secondsName, at)) {
    at += secondsName.length
    while (text.charCodeAt(at) === space) at += 1
    let seconds = 0
    let code = text.charCodeAt(at)
    if (code < zero || code > nine) return []
    for (; code >= zero && code <= nine; code = text.charCodeAt(at)) {
      seconds = seconds * 10 + code - zero
      at += 1
    }
    if ((code !== comma && code !== brace && code > space) || !Number.isSafeInteger(seconds)) return []
    found.push(seconds)
  }
  return found
}
