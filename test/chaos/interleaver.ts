import type { Failpoint, FailpointName } from '../../infra/failpoint.js'
import type { Random } from '../../infra/sandbox/random.js'

/** Lets one of several attempts run at a time, from one failpoint to the next, in an order that the seed decides. */
export class Interleaver {
  readonly #waiting = new Map<string, () => void>()
  readonly trace: string[] = []
  #running: (() => void) | undefined

  constructor(private readonly random: Random) {}

  /** The failpoint of one attempt: there it gives its turn away. */
  failpointOf(name: string): Failpoint {
    return (place) => this.#giveWay(name, place)
  }

  /** Runs all attempts to their ends; `between` is called at every turn, when nobody runs. */
  async run(attempts: ReadonlyMap<string, () => Promise<void>>, between: () => Promise<void>): Promise<void> {
    const open = new Set(attempts.keys())
    const all = [...attempts].map(async ([name, attempt]) => {
      try {
        await this.#giveWay(name, 'start')
        await attempt()
      } finally {
        open.delete(name)
        this.#running?.()
      }
    })
    while (open.size > 0) {
      await between()
      const name = this.random.pick([...this.#waiting.keys()])
      const resume = this.#waiting.get(name)
      this.#waiting.delete(name)
      await new Promise<void>((resolve) => {
        this.#running = resolve
        resume?.()
      })
    }
    await Promise.all(all)
  }

  #giveWay(name: string, place: FailpointName | 'start'): Promise<void> {
    this.trace.push(`${name} ${place}`)
    return new Promise((resume) => {
      this.#waiting.set(name, resume)
      this.#running?.()
    })
  }
}
