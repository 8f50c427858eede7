import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow'
import type { Receipt } from '../activities/receipt.js'
import { Controls, type Verdict } from './controls.js'
import { assertFanOut, type FanOut } from './fan_out.js'

export interface StepProgress {
  readonly step: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly batchesDone: number
  readonly batches: number
  /** Rows written, per table. */
  readonly rows: Readonly<Record<string, number>>
  readonly snapshotIds: readonly number[]
  readonly note?: string
}

/** What a step or batch resolves to, at least: an activity that commits has a receipt. */
export interface Outcome {
  readonly receipt?: Receipt
  readonly note?: string
}

export const progressQuery = defineQuery<StepProgress[]>('progress')

interface ProgressOptions {
  /** How long a failed part waits for the update `retry`. Default: not at all. */
  readonly failuresWaitHours?: number
  /** What the details show below the table, as Markdown. */
  readonly below?: () => string
}

/**
 * What a run has done so far: answers the query `progress` and keeps the table that the Temporal UI shows. Between steps and
 * between batches it does what people said to the run: see controls.ts.
 */
export class Progress {
  readonly #steps: Map<string, StepProgress>
  readonly #controls: Controls
  readonly #below: () => string

  constructor(steps: readonly string[], { failuresWaitHours = 0, below = () => '' }: ProgressOptions = {}) {
    const waiting = { state: 'waiting', batchesDone: 0, batches: 1, rows: {}, snapshotIds: [] } as const
    this.#steps = new Map(steps.map((step) => [step, { step, ...waiting }]))
    this.#controls = new Controls(failuresWaitHours, () => this.show())
    this.#below = below
    setHandler(progressQuery, () => this.steps())
    this.show()
  }

  steps(): StepProgress[] {
    return [...this.#steps.values()]
  }

  /** Runs one step and counts what its receipt says. */
  async step<Result extends Outcome>(step: string, work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await this.#part(step, step, work)
      this.#count(step, result)
      return result
    } catch (error) {
      this.#change(step, { state: 'failed' })
      throw error
    }
  }

  /** Runs a step's batches, a bounded number at a time, in order of their index. More than a workflow can hold are refused. */
  async batches<Result extends Outcome>(
    step: string,
    { batches, concurrent }: FanOut,
    work: (batch: number) => Promise<Result | undefined>,
  ): Promise<Result[]> {
    assertFanOut(step, { batches, concurrent })
    const results: Result[] = []
    let next = 0
    const lane = async () => {
      while (next < batches) {
        const batch = next
        next += 1
        const result = await this.#part(step, `${step} ${batch + 1}`, () => work(batch))
        if (result === undefined) continue
        this.#count(step, result)
        results[batch] = result
      }
    }
    this.#change(step, { state: batches === 0 ? 'done' : 'running', batches })
    try {
      await Promise.all(Array.from({ length: Math.min(concurrent, batches) }, lane))
    } catch (error) {
      this.#change(step, { state: 'failed' })
      throw error
    }
    this.#change(step, { state: 'done' })
    return results.filter((result) => result !== undefined)
  }

  /** Asks people whether a step is to do what it plans; nothing where nobody answers in time. */
  approval(step: string, plan: string, waitHours: number): Promise<Verdict> {
    return this.#controls.approval(step, plan, waitHours)
  }

  /** Shows what there is to show, where what stands below the table has changed. */
  show(): void {
    setCurrentDetails([...this.#controls.waiting(), markdownOf(this.steps()), this.#below()].join('\n\n').trimEnd())
  }

  /** Does a part when the run is not paused, and again where that is asked for. */
  async #part<Result>(step: string, name: string, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      await this.#controls.ready()
      this.#change(step, { state: 'running' })
      try {
        return await work()
      } catch (error) {
        if (!(await this.#controls.doAgain(name, error))) throw error
      }
    }
  }

  #count(step: string, { receipt, note }: Outcome): void {
    const before = this.#of(step)
    const rows = { ...before.rows }
    for (const [table, count] of Object.entries(receipt?.rows ?? {})) rows[table] = (rows[table] ?? 0) + count
    const batchesDone = before.batchesDone + 1
    this.#change(step, {
      rows,
      batchesDone,
      state: batchesDone >= before.batches ? 'done' : 'running',
      snapshotIds: receipt === undefined ? before.snapshotIds : [...before.snapshotIds, receipt.snapshotId],
      ...(note === undefined ? {} : { note }),
    })
  }

  #change(step: string, change: Partial<StepProgress>): void {
    this.#steps.set(step, { ...this.#of(step), ...change })
    this.show()
  }

  #of(step: string): StepProgress {
    const found = this.#steps.get(step)
    if (found === undefined) throw new Error(`${step} is not a step of this run`)
    return found
  }
}

const markdownOf = (steps: readonly StepProgress[]): string => {
  const lines = steps.map(({ step, state, batchesDone, batches, rows, snapshotIds, note = '' }) => {
    const counts = Object.entries(rows).map(([table, count]) => `${table.split('.')[1]} ${count}`)
    return `| ${step} | ${state} | ${batchesDone}/${batches} | ${counts.join(', ')} | ${snapshotRange(snapshotIds)} | ${note} |`
  })
  return ['| step | state | batches | rows | snapshots | note |', '|---|---|---|---|---|---|', ...lines].join('\n')
}

const snapshotRange = (ids: readonly number[]): string => {
  const sorted = [...ids].sort((one, other) => one - other)
  const [first] = sorted
  return first === undefined ? '' : sorted.length === 1 ? String(first) : `${first} … ${sorted.at(-1)}`
}
