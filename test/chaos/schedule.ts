import { createRandom, type Random } from '../../infra/sandbox/random.js'
import { Book, type Dump, type Event } from './book.js'

interface Planned {
  readonly index: number
  readonly key: string
  /** The tables of the step's stage after it, exactly. */
  readonly expected: Dump
}

interface Load<Kind> extends Planned {
  readonly kind: Kind
  readonly window: bigint
  readonly rows: readonly Event[]
  /** Bronze after the step. */
  readonly book: Book
}

interface Deduction<Kind> extends Planned {
  readonly kind: Kind
  /** The step after which its input is read, which need not be the last one. */
  readonly pinned: number
}

/** One step of a schedule with what the lake is to hold after it; a poison one is to be refused. */
export type ScheduledStep =
  | Load<'window'>
  | Load<'append'>
  | Load<'poison'>
  | Deduction<'silver'>
  | Deduction<'gold'>
  /** Shows readers the gold of an earlier step; `expected` is what they see. */
  | (Deduction<'publish'> & { readonly asOf: string })

const accounts = ['alice', 'bob', 'carol', 'dora', "o'brien", 'ünïcødé ✓', 'semi;colon', 'back\\slash']
const startMs = Date.UTC(2026, 10, 21)

/** A schedule of `length` steps that the seed decides, with the oracle's answer to each. */
export const createSchedule = (seed: number, length: number): ScheduledStep[] => {
  const random = createRandom(seed)
  const steps: ScheduledStep[] = []
  const books: Book[] = []
  let book = Book.empty
  let silverBook: Book | undefined
  const latest = (kinds: readonly string[]) =>
    steps.filter(({ kind }) => kinds.includes(kind)).map(({ index }) => index)
  for (let index = 0; index < length; index += 1) {
    const kind = kindOf(random, index, new Set(steps.map((step) => step.kind)))
    const base = { index, key: `chaos/${seed}/${String(index).padStart(3, '0')}/${kind}` }
    if (kind === 'silver') {
      // Often the newest input, sometimes one that has been overtaken: a pin has to hold then.
      const pinned = recent(random, latest(['window', 'append']))
      silverBook = books[pinned] ?? Book.empty
      steps.push({ ...base, kind, pinned, expected: silverBook.silver() })
      books[index] = silverBook
    } else if (kind === 'gold') {
      const pinned = recent(random, latest(['silver']))
      steps.push({ ...base, kind, pinned, expected: (books[pinned] ?? Book.empty).gold() })
    } else if (kind === 'publish') {
      const pinned = latest(['gold']).at(-1) ?? 0
      const asOf = new Date(startMs + index * 60_000).toISOString()
      steps.push({ ...base, kind, pinned, asOf, expected: steps[pinned]?.expected ?? {} })
    } else {
      const window = BigInt(1 + random.integer(5))
      const rows = createEvents(random, window, kind)
      if (kind === 'window') book = book.replaced(window, rows)
      if (kind === 'append') book = book.appended(window, rows)
      steps.push({ ...base, kind, window, rows, book, expected: book.bronze() })
      books[index] = book
    }
  }
  return steps
}

const kindOf = (random: Random, index: number, before: ReadonlySet<string>): ScheduledStep['kind'] => {
  if (index === 0) return 'window'
  const kind = random.pick(['window', 'window', 'append', 'silver', 'silver', 'gold', 'publish', 'poison'] as const)
  if (kind === 'publish' && !before.has('gold')) return before.has('silver') ? 'gold' : 'silver'
  return kind === 'gold' && !before.has('silver') ? 'silver' : kind
}

const recent = (random: Random, indexes: readonly number[]): number =>
  indexes.at(random.chance(0.5) ? -1 : -1 - random.integer(Math.min(3, indexes.length))) ?? 0

export const createEvents = (random: Random, window: bigint, kind: 'window' | 'append' | 'poison'): Event[] => {
  const count = kind === 'window' ? random.integer(40) : 1 + random.integer(20)
  const rows = Array.from({ length: count }, (_, position) => {
    // Appended ids overlap with stored ones, which are to be left alone.
    const id = window * 1_000n + BigInt(kind === 'append' ? random.integer(80) : position)
    return {
      window_start: window,
      event_id: id,
      account: random.pick(accounts),
      amount: BigInt(1 + random.integer(1_000_000)) * 10n ** BigInt(random.integer(20)),
      note: random.pick(['', 'plain', `quote ' " ${random.integer(9)}`, 'new\nline', '{"json": true}', '%s $1 \\x00']),
      occurred_at: new Date(startMs + Number(window) * 3_600_000 + random.integer(3_600_000)),
    }
  })
  const distinct = [...new Map(rows.map((row) => [row.event_id, row])).values()]
  const [first] = distinct
  return kind === 'poison' && first !== undefined ? [...distinct, { ...first, amount: first.amount + 1n }] : distinct
}
