import { defineQuery, setHandler } from '@temporalio/workflow'

export interface WindowStatus {
  /** The logical time of its run. */
  readonly window: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'runs elsewhere'
  readonly reason?: string
}

/** What a backfill carries from one run of its workflow into the next. */
export interface Tally {
  /** Windows up to this one are over with. */
  readonly after?: string
  readonly total: number
  readonly present: number
  readonly missing: number
  readonly done: number
  readonly elsewhere: number
  readonly failed: number
  /** The first ones that failed. */
  readonly failures: readonly WindowStatus[]
}

export const windowsQuery = defineQuery<WindowStatus[]>('windows')

/** A thousand reasons would not be read, and travel with each continuation. */
const keptFailures = 20
const reasonLimitCharacters = 300

/** Each window of a backfill's current run, and the sums over all: answers the query `windows`. */
export class BackfillWindows {
  readonly #windows: Map<string, WindowStatus>
  #tally: Tally

  constructor(windows: readonly string[], tally: Tally) {
    this.#windows = new Map(windows.map((window) => [window, { window, state: 'waiting' }]))
    this.#tally = tally
    setHandler(windowsQuery, () => [...this.#windows.values()])
  }

  get tally(): Tally {
    return this.#tally
  }

  set(window: string, state: WindowStatus['state'], reason = ''): void {
    const status = { window, state, ...(reason === '' ? {} : { reason: reason.slice(0, reasonLimitCharacters) }) }
    this.#windows.set(window, status)
    const { done, failed, elsewhere, failures } = this.#tally
    if (state === 'done') this.#tally = { ...this.#tally, done: done + 1 }
    if (state === 'runs elsewhere') this.#tally = { ...this.#tally, elsewhere: elsewhere + 1 }
    if (state === 'failed')
      this.#tally = { ...this.#tally, failed: failed + 1, failures: [...failures, status].slice(0, keptFailures) }
  }

  markdown(): string {
    const { total, present, missing, done, elsewhere, failed } = this.#tally
    const sums = `${total} windows, ${present} in the lake before, ${missing} to run: ${done} done, ${failed} failed, ${elsewhere} run elsewhere`
    const lines = [...this.#windows.values()].map(
      ({ window, state, reason = '' }) => `| ${window} | ${state} | ${reason} |`,
    )
    return [sums, '', '| window | state | reason |', '|---|---|---|', ...lines].join('\n')
  }
}
