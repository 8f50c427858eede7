import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  setHandler,
} from '@temporalio/workflow'
import { z } from 'zod'
import { inputProblems } from '../schemas/input.js'

const reason = z.strictObject({ reason: z.string().min(1).max(500).optional() }).prefault({})
const part = z.strictObject({ part: z.string().min(1).optional() }).prefault({})
const verdict = z.strictObject({
  step: z.string({ error: 'name the step that waits, like webhook' }).min(1),
  approved: z.boolean().default(true),
  by: z.string().min(1).max(200).default('an operator'),
})

export const pauseUpdate = defineUpdate<string, [z.input<typeof reason>?]>('pause')
export const resumeUpdate = defineUpdate<string>('resume')
export const retryUpdate = defineUpdate<string, [z.input<typeof part>?]>('retry')
export const approveUpdate = defineUpdate<string, [z.input<typeof verdict>]>('approve')
/** What a run waits for people to say, a line each. */
export const waitingQuery = defineQuery<string[]>('waiting')

export type Verdict = { readonly approved: boolean; readonly by: string } | undefined

/** A failed part, which is done again where somebody says so in time. */
interface Failed {
  readonly message: string
  again: boolean
}

interface Asked {
  readonly plan: string
  readonly answer: { approved: boolean; by: string } | undefined
}

const hourMs = 3_600_000

/** What people may say to a run while it goes on: the updates `pause`, `resume`, `retry` and `approve`. A refused one leaves no trace. */
export class Controls {
  #paused: string | undefined
  readonly #failed = new Map<string, Failed>()
  readonly #asked = new Map<string, Asked>()

  constructor(
    /** How long a failed part waits for `retry`; 0: not at all. */
    private readonly failuresWaitHours: number,
    private readonly changed: () => void,
  ) {
    setHandler(waitingQuery, () => this.waiting())
    this.#handlePause()
    setHandler(retryUpdate, (given?) => this.#retry(parse('retry', part, given).part), {
      description: 'Does a failed part again: {"part": "gold"}, or every one.',
      validator: (given?) => this.#assertFailed(parse('retry', part, given).part),
    })
    setHandler(approveUpdate, (given) => this.#answer(parse('approve', verdict, given)), {
      description: 'Answers a step that waits for approval: {"step": "webhook"}, or with "approved": false.',
      validator: (given) => this.#assertAsked(parse('approve', verdict, given).step),
    })
  }

  /** What people are waited for, as Markdown: what the Temporal UI shows above the steps. */
  waiting(): string[] {
    const paused = this.#paused === undefined ? [] : [`**paused** (${this.#paused}): the update \`resume\` goes on`]
    const failed = [...this.#failed].flatMap(([name, { message, again }]) =>
      again ? [] : [`**${name} failed**: ${message}. The update \`retry\` does it again`],
    )
    const asked = [...this.#asked].flatMap(([step, { plan, answer }]) =>
      answer
        ? []
        : [`**${step} waits for approval**: ${plan}. The update \`approve\` with \`{"step": "${step}"}\` does it`],
    )
    return [...paused, ...failed, ...asked]
  }

  /** Resolves at once, or when a paused run is resumed. */
  async ready(): Promise<void> {
    if (this.#paused !== undefined) await condition(() => this.#paused === undefined)
  }

  /** Whether a part that failed is to be done again. Where failures do not wait, or nobody says so in time, it is not. */
  async doAgain(name: string, error: unknown): Promise<boolean> {
    if (this.failuresWaitHours === 0 || isCancellation(error)) return false
    const failed = { message: innermost(error), again: false }
    this.#failed.set(name, failed)
    this.changed()
    try {
      return await condition(() => failed.again, this.failuresWaitHours * hourMs)
    } finally {
      this.#failed.delete(name)
      this.changed()
    }
  }

  /** Asks whether a plan is to be carried out; nothing where nobody says in time. */
  async approval(step: string, plan: string, waitHours: number): Promise<Verdict> {
    this.#asked.set(step, { plan, answer: undefined })
    this.changed()
    await condition(() => this.#asked.get(step)?.answer !== undefined, waitHours * hourMs)
    const answer = this.#asked.get(step)?.answer
    this.#asked.delete(step)
    this.changed()
    return answer
  }

  #handlePause(): void {
    const pause = (given?: z.input<typeof reason>) => {
      this.#paused = parse('pause', reason, given).reason ?? 'no reason given'
      this.changed()
      return 'paused: what runs is finished, and nothing else begun'
    }
    const resume = () => {
      this.#paused = undefined
      this.changed()
      return 'goes on'
    }
    setHandler(pauseUpdate, pause, {
      description: 'Begins no further step or batch: {"reason": "..."} or nothing.',
      validator: (given?) => {
        parse('pause', reason, given)
        if (this.#paused !== undefined) refuse(`pause: the run is paused already (${this.#paused})`)
      },
    })
    setHandler(resumeUpdate, resume, {
      description: 'Goes on with a paused run.',
      validator: () => {
        if (this.#paused === undefined) refuse('resume: the run is not paused')
      },
    })
  }

  #waitingParts(): string[] {
    return [...this.#failed].flatMap(([name, { again }]) => (again ? [] : [name]))
  }

  #assertFailed(name: string | undefined): void {
    const waiting = this.#waitingParts()
    if (waiting.length === 0) refuse('retry: no part of the run has failed and waits')
    if (name !== undefined && !waiting.includes(name))
      refuse(`retry: part is ${JSON.stringify(name)}: it does not wait; what does is ${waiting.join(', ')}`)
  }

  #retry(name: string | undefined): string {
    const parts = this.#waitingParts().filter((each) => name === undefined || each === name)
    for (const each of parts) {
      const failed = this.#failed.get(each)
      if (failed !== undefined) failed.again = true
    }
    return `done again: ${parts.join(', ')}`
  }

  #assertAsked(step: string): void {
    const waiting = [...this.#asked].flatMap(([name, { answer }]) => (answer === undefined ? [name] : []))
    if (waiting.length === 0) refuse('approve: nothing waits for approval')
    if (!waiting.includes(step))
      refuse(`approve: step is ${JSON.stringify(step)}: it does not wait; what does is ${waiting.join(', ')}`)
  }

  #answer({ step, approved, by }: z.output<typeof verdict>): string {
    const asked = this.#asked.get(step)
    if (asked !== undefined) this.#asked.set(step, { ...asked, answer: { approved, by } })
    this.changed()
    return `${step}: ${approved ? 'approved' : 'declined'} by ${by}`
  }
}

const refuse = (message: string): never => {
  throw ApplicationFailure.nonRetryable(message, 'InvalidInput')
}

const parse = <Schema extends z.ZodType>(update: string, schema: Schema, given: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  return refuse(
    inputProblems(parsed.error, given)
      .map((line) => `${update}: ${line}`)
      .join('\n'),
  )
}

const innermost = (error: unknown): string => {
  let found = error
  while (found instanceof Error && found.cause instanceof Error) found = found.cause
  return found instanceof Error ? found.message : String(found)
}
