import type { Receipt } from '../receipt.js'

/** What a step that asks BirdEye resolves to. */
export interface Fetched {
  readonly receipt: Receipt
  /** Spent by this attempt; none where an earlier one had committed. */
  readonly computeUnits: number
  /** Why it stopped before the end of its work, where it did. */
  readonly parked?: string
}
