import type { Lake } from '../../infra/lake/lake.js'
import { billingGold } from '../../schemas/billing/gold/stage.js'
import { billingSilver } from '../../schemas/billing/silver/stage.js'
import { commitDerived } from '../derive_step.js'
import type { Receipt } from '../receipt.js'
import { stageRestatements } from './restate.js'

export interface DeriveRequest {
  readonly asOf: string
  readonly snapshotId: number
}

interface Derived {
  readonly receipt: Receipt
}

/** The charges of the months that changed, from the lines of a snapshot. */
export const deriveSilver = async (lake: Lake, codeVersion: string, request: DeriveRequest): Promise<Derived> => ({
  receipt: await commitDerived(lake, codeVersion, {
    pipeline: 'billing',
    stage: billingSilver,
    step: 'derive_silver',
    snapshotId: request.snapshotId,
    parameters: { as_of: request.asOf },
  }),
})

/** The costs of the months that changed, what follows from all of them, and what was restated, from the charges of the silver step's snapshot. */
export const deriveGold = async (lake: Lake, codeVersion: string, request: DeriveRequest): Promise<Derived> => ({
  receipt: await commitDerived(lake, codeVersion, {
    pipeline: 'billing',
    stage: billingGold,
    step: 'derive_gold',
    snapshotId: request.snapshotId,
    parameters: { as_of: request.asOf },
    also: async (session) => [await stageRestatements(session, request)],
  }),
})
