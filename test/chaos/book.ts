import type { Row } from '../../schemas/table.js'
import { type events, leaderCount } from './stages.js'

export type Event = Row<typeof events>

/** The content of the tables of a stage, each row one line of text in the order of its key. */
export type Dump = Readonly<Record<string, readonly string[]>>

/** What the bronze tables hold: the oracle's whole state, from which the rest is computed in plain code. */
export class Book {
  private constructor(
    private readonly events: ReadonlyMap<bigint, Event>,
    private readonly windows: ReadonlySet<bigint>,
  ) {}

  static readonly empty = new Book(new Map(), new Set())

  /** Puts these rows in the place of the window's. */
  replaced(window: bigint, rows: readonly Event[]): Book {
    const kept = [...this.events.values()].filter(({ window_start }) => window_start !== window)
    const events = new Map([...kept, ...rows].map((event) => [event.event_id, event]))
    return new Book(events, new Set([...this.windows, window]))
  }

  /** Adds the rows whose ids are new. */
  appended(window: bigint, rows: readonly Event[]): Book {
    const events = new Map(this.events)
    for (const event of rows) if (!events.has(event.event_id)) events.set(event.event_id, event)
    return new Book(events, new Set([...this.windows, window]))
  }

  windowRow(window: bigint): { window_start: bigint; event_count: bigint; amount_total: bigint } {
    const rows = [...this.events.values()].filter(({ window_start }) => window_start === window)
    return {
      window_start: window,
      event_count: BigInt(rows.length),
      amount_total: sum(rows.map(({ amount }) => amount)),
    }
  }

  bronze(): Dump {
    const rows = [...this.events.values()].sort((a, b) => Number(a.event_id - b.event_id))
    const windows = [...this.windows].sort((a, b) => Number(a - b)).map((window) => this.windowRow(window))
    return {
      'chaos_bronze.events': rows.map((event) =>
        line([
          event.window_start,
          event.event_id,
          event.account,
          event.amount,
          event.note,
          BigInt(event.occurred_at.getTime()),
        ]),
      ),
      'chaos_bronze.windows': windows.map((row) => line([row.window_start, row.event_count, row.amount_total])),
    }
  }

  silver(): Dump {
    const balances = this.#balances()
    return {
      'chaos_silver.balances': balances
        .sort((a, b) => compare(a.account, b.account))
        .map(({ account, count, total }) => line([account, count, total])),
      'chaos_silver.totals': [
        line([
          BigInt(balances.length),
          sum(balances.map(({ count }) => count)),
          sum(balances.map(({ total }) => total)),
        ]),
      ],
    }
  }

  gold(): Dump {
    const ranked = this.#balances().sort((a, b) => Number(b.total - a.total) || compare(a.account, b.account))
    const leaders = ranked.slice(0, leaderCount)
    return {
      'chaos_gold.leaders': leaders.map(({ account, total }, index) => line([BigInt(index + 1), account, total])),
      'chaos_gold.podium': [line([BigInt(leaders.length), sum(leaders.map(({ total }) => total))])],
    }
  }

  #balances(): { account: string; count: bigint; total: bigint }[] {
    const balances = new Map<string, { account: string; count: bigint; total: bigint }>()
    for (const { account, amount } of this.events.values()) {
      const { count, total } = balances.get(account) ?? { count: 0n, total: 0n }
      balances.set(account, { account, count: count + 1n, total: total + amount })
    }
    return [...balances.values()]
  }
}

/** As the lake orders text: by its bytes. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
const line = (values: readonly (string | bigint)[]): string => values.map(String).join(' | ')
