import { parseLossless } from '../../infra/http/lossless_json.js'
import { isItem } from './birdeye_fields.js'
import type { Page } from './birdeye_page.js'
import { fieldsOf, type SwapShape, shapeOf } from './swap_shape.js'

/** An item whose text alone shows that it is a whole swap: DuckDB may read it. */
export class RegularSwap {
  constructor(
    readonly text: string,
    /** As a row's: transaction, instruction, inner instruction. */
    readonly key: string,
    readonly second: number,
  ) {}

  /** The item as it came. */
  toJSON(): unknown {
    return parseLossless(this.text)
  }
}

const opening = /^\{("success":true,)?"data":\{"items":\[/
const closing = /(?:,"(?:hasNext|has_next)":(true|false))?\}(,"success":true)?\}\s*$/y
/** A source has a handful: with and without the fields that old swaps lack. */
const shapesKept = 16

/**
 * Reads pages of swaps without parsing them, once it has seen how the source writes its items: parsing costs a JavaScript thread as
 * much as DuckDB takes for the whole way into the lake. What it does not recognise to the last character it leaves to be parsed.
 */
export class SwapPages {
  readonly #shapes = new Map<string, SwapShape>()

  /** Remembers how the items of a parsed page are written. */
  learn(items: readonly unknown[]): void {
    for (const item of items) {
      if (this.#shapes.size === shapesKept) return
      if (!isItem(item) || !('tx_hash' in item)) continue
      const fields = fieldsOf(item)
      if (!this.#shapes.has(fields)) this.#shapes.set(fields, shapeOf(item))
    }
  }

  /** The page that an answer is, its items RegularSwaps where they are that; nothing where the answer is not recognised. */
  read(answer: string): Page | undefined {
    const start = opening.exec(answer)
    if (start === null) return undefined
    const items: unknown[] = []
    let at = start[0].length
    for (let shape: SwapShape | undefined; answer[at - 1] !== ']'; ) {
      const found = this.#find(answer, at, shape)
      if (found === undefined) return undefined
      items.push(found.item)
      shape = found.shape
      at = found.end + 1
      if (answer[found.end] !== ',' && answer[found.end] !== ']') return undefined
    }
    closing.lastIndex = at
    const end = closing.exec(answer)
    if (end === null || (start[1] === undefined && end[2] === undefined)) return undefined
    return { items, hasNext: end[1] === undefined ? undefined : end[1] === 'true' }
  }

  #find(answer: string, at: number, likely: SwapShape | undefined): Found | undefined {
    const found = likely && findAs(likely, answer, at)
    if (found !== undefined) return found
    for (const shape of this.#shapes.values()) {
      const other = findAs(shape, answer, at)
      if (other !== undefined) return other
    }
    return undefined
  }
}

interface Found {
  readonly item: unknown
  readonly end: number
  readonly shape: SwapShape
}

const findAs = (shape: SwapShape, answer: string, at: number): Found | undefined => {
  const { regular, any, groups } = shape
  if (regular !== undefined) {
    regular.lastIndex = at
    const match = regular.exec(answer)
    if (match !== null) {
      const field = (name: string) => match[groups[name] ?? -1] ?? 'null'
      const inner = field('inner_ins_index')
      const key = `${field('tx_hash').slice(1, -1)} ${field('ins_index')} ${inner === 'null' ? '-1' : inner}`
      const item = new RegularSwap(match[0], key, Number(field('block_unix_time')))
      return { item, end: regular.lastIndex, shape }
    }
  }
  any.lastIndex = at
  if (!any.test(answer)) return undefined
  return { item: parseLossless(answer.slice(at, any.lastIndex)), end: any.lastIndex, shape }
}
