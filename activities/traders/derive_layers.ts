import type { Lake } from '../../infra/lake/lake.js'
import { tradersGold } from '../../schemas/traders/gold/stage.js'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import { commitDerived } from '../derive_step.js'
import type { Receipt } from '../receipt.js'

interface Derived {
  readonly receipt: Receipt
}

export interface SilverRequest {
  readonly asOf: string
  readonly snapshotId: number
  readonly pnl: SmartTradersInput['pnl']
}

/** Trades, lots and profit and loss as of the run's logical time, from the bronze rows of a snapshot. */
export const deriveSilver = async (lake: Lake, codeVersion: string, request: SilverRequest): Promise<Derived> => ({
  receipt: await commitDerived(lake, codeVersion, {
    pipeline: 'traders',
    stage: tradersSilver,
    step: 'derive_silver',
    snapshotId: request.snapshotId,
    parameters: { as_of: request.asOf },
    everything: request.pnl.recompute === 'all',
  }),
})

export interface GoldRequest {
  readonly asOf: string
  readonly snapshotId: number
  readonly gold: SmartTradersInput['gold']
}

/** The verdict on every wallet and the ranking, from the silver rows of a snapshot. */
export const deriveGold = async (lake: Lake, codeVersion: string, request: GoldRequest): Promise<Derived> => {
  const rules = Object.entries(request.gold).map(([name, value]) => [snakeCase(name), value])
  return {
    receipt: await commitDerived(lake, codeVersion, {
      pipeline: 'traders',
      stage: tradersGold,
      step: 'derive_gold',
      snapshotId: request.snapshotId,
      parameters: { ...Object.fromEntries(rules), as_of: request.asOf },
    }),
  }
}

/** `minRealizedPnlUsd` of the input is `min_realized_pnl_usd` of the rules. */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
