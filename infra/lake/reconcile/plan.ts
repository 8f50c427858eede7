import type { Change } from '../changes.js'
import type { Session } from '../session.js'

/** What the catalog needs to hold a definition, or why it may not. */
export interface Plan {
  readonly statements: readonly string[]
  readonly changes: readonly Change[]
  /** Look at the outcome inside the transaction; what they return refuses it. */
  readonly verifications: readonly ((session: Session) => Promise<readonly string[]>)[]
  /** Each with the migration to write. One is enough for nothing to be changed. */
  readonly refusals: readonly string[]
  /** For whoever reads the log. */
  readonly notices: readonly string[]
  /** Stages whose writers must not commit in between, as rows move from one table to another. */
  readonly fenced: readonly string[]
  readonly versions: readonly NewVersion[]
  /** Tables that keep their rows under another name. */
  readonly moved: readonly { readonly from: string; readonly to: string }[]
}

/** A shape that is new in the lake. */
export interface NewVersion {
  /** The table or view. */
  readonly relation: string
  readonly major: number
  readonly minor: number
  readonly hash: string
  readonly shape: object
  readonly mappings: Readonly<Record<string, string>>
}

export const nothing: Plan = {
  statements: [],
  changes: [],
  verifications: [],
  refusals: [],
  notices: [],
  fenced: [],
  versions: [],
  moved: [],
}

export const together = (plans: readonly Plan[]): Plan => ({
  statements: plans.flatMap(({ statements }) => statements),
  changes: plans.flatMap(({ changes }) => changes),
  verifications: plans.flatMap(({ verifications }) => verifications),
  refusals: plans.flatMap(({ refusals }) => refusals),
  notices: plans.flatMap(({ notices }) => notices),
  fenced: plans.flatMap(({ fenced }) => fenced),
  versions: plans.flatMap(({ versions }) => versions),
  moved: plans.flatMap(({ moved }) => moved),
})
