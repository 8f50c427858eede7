import { QuotaExhausted } from '../errors.js'

/** What a piece of work may spend at a source that charges by the request. Units are reserved before a request is sent. */
export class ComputeUnitBudget {
  #spent = 0

  constructor(readonly limit: number) {}

  get spent(): number {
    return this.#spent
  }

  /** Reserves the price of a request. Throws QuotaExhausted, and reserves nothing, where the budget does not suffice. */
  reserve(units: number, what: string): void {
    if (this.#spent + units > this.limit) {
      throw new QuotaExhausted(
        `the budget of ${this.limit} compute units is used up (${this.#spent} spent, ${what} costs ${units}); raise budget.computeUnits to go on`,
      )
    }
    this.#spent += units
  }

  /** Gives back what a request that was turned away did not cost. */
  refund(units: number): void {
    this.#spent -= units
  }
}
