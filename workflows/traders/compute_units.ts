import type { Fetched } from '../../activities/traders/fetched.js'

/**
 * A run's budget at BirdEye. Batches that run at once share what is left; what one leaves goes back.
 * Once a batch was parked (quota or budget used up) no further one is begun, and the run finishes with what is there.
 */
export class ComputeUnits {
  #spent = 0
  #promised = 0
  #sharing = 0
  #parked: string | undefined

  constructor(private readonly budget: number) {}

  get spent(): number {
    return this.#spent
  }

  get parked(): string | undefined {
    return this.#parked
  }

  /** Does work that has to be done in any case, with all that is left. */
  spend<Result extends Fetched>(work: (computeUnits: number) => Promise<Result>): Promise<Result> {
    return this.#share(1, work)
  }

  /** Does one of the batches that run `concurrent` at a time; resolves to nothing when the run is parked. */
  async spendShare<Result extends Fetched>(
    concurrent: number,
    work: (computeUnits: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    return this.#parked === undefined ? this.#share(concurrent - this.#sharing, work) : undefined
  }

  async #share<Result extends Fetched>(
    shares: number,
    work: (computeUnits: number) => Promise<Result>,
  ): Promise<Result> {
    const promise = Math.floor((this.budget - this.#spent - this.#promised) / shares)
    this.#promised += promise
    this.#sharing += 1
    try {
      const result = await work(promise)
      this.#spent += result.computeUnits
      this.#parked ??= result.parked
      return result
    } finally {
      this.#promised -= promise
      this.#sharing -= 1
    }
  }
}
