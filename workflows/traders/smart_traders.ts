import type { z } from 'zod'
import type { TradersActivities } from '../../activities/traders/index.js'
import { smartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import type { Verdict } from '../controls.js'
import { describeResult, describeRun } from '../description.js'
import { logicalTime, parseInput } from '../logical_run.js'
import { delivers, derives, fetches } from '../policies.js'
import { type Outcome, Progress, type StepProgress } from '../progress.js'
import { ComputeUnits } from './compute_units.js'

export interface SmartTradersResult {
  readonly asOf: string
  /** The snapshot that holds the ranking. */
  readonly snapshotId: number
  readonly computeUnits: number
  /** Why some of the data was left for a later run, where it was. */
  readonly parked?: string
  readonly webhook: string
  readonly steps: readonly StepProgress[]
}

/** Each reads a few tokens at a time itself. */
const tokenBatchesAtOnce = 2
const stepNames = ['tokens', 'whales', 'histories', 'silver', 'gold', 'publish', 'webhook']

/** BirdEye -> bronze -> silver -> gold -> published views -> Helius: finds the wallets that really trade well and keeps them watched. */
export async function smartTraders(given?: z.input<typeof smartTradersInput>): Promise<SmartTradersResult> {
  const input = parseInput(smartTradersInput, given)
  const asOf = logicalTime(input.asOf)
  describeRun('traders')
  const progress = new Progress(stepNames, { failuresWaitHours: input.failures.waitHours })
  const budget = new ComputeUnits(input.budget.computeUnits)

  // A summary is what the Temporal UI shows of a call.
  const source = (summary: string) => fetches<TradersActivities>({ summary })
  const lake = (summary: string) => derives<TradersActivities>({ summary })
  const outside = (summary: string) => delivers<TradersActivities>({ summary })

  const tokens = await progress.step('tokens', () =>
    budget.spend((computeUnits) =>
      source('tokens that meet the selection').selectTokens({ asOf, computeUnits, selection: input.tokens }),
    ),
  )
  const tokenBatches = Math.ceil(tokens.tokens / input.whales.tokensPerBatch)
  const whales = await progress.batches('whales', { batches: tokenBatches, concurrent: tokenBatchesAtOnce }, (batch) =>
    budget.spendShare(tokenBatchesAtOnce, (computeUnits) =>
      source(`tokens, batch ${batch + 1} of ${tokenBatches}`).fetchWhales({
        asOf,
        computeUnits,
        batch,
        snapshotId: tokens.receipt.snapshotId,
        whales: input.whales,
      }),
    ),
  )
  const watched = latestSnapshot([tokens, ...whales])
  const { batches } = await lake('wallets to read').planHistories({ asOf, snapshotId: watched, history: input.history })
  const histories = await progress.batches(
    'histories',
    { batches, concurrent: input.history.concurrentBatches },
    (batch) =>
      budget.spendShare(input.history.concurrentBatches, (computeUnits) =>
        source(`wallets, batch ${batch + 1} of ${batches}`).fetchHistories({
          asOf,
          computeUnits,
          batch,
          snapshotId: watched,
          history: input.history,
        }),
      ),
  )
  const bronze = latestSnapshot([tokens, ...whales, ...histories])
  const silver = await progress.step('silver', () =>
    lake(`from snapshot ${bronze}`).deriveSilver({ asOf, snapshotId: bronze, pnl: input.pnl }),
  )
  const gold = await progress.step('gold', () =>
    lake(`from snapshot ${silver.receipt.snapshotId}`).deriveGold({
      asOf,
      snapshotId: silver.receipt.snapshotId,
      gold: input.gold,
    }),
  )
  const published = await progress.step('publish', () =>
    lake(`snapshot ${gold.receipt.snapshotId}`).publish({ asOf, snapshotId: gold.receipt.snapshotId }),
  )
  // Whoever is watched must be whom the published ranking names.
  const webhook = await progress.step('webhook', async (): Promise<Outcome & { note: string }> => {
    if (published.receipt === undefined) return { note: published.note }
    const ranking = { asOf, snapshotId: gold.receipt.snapshotId, webhook: input.webhook }
    if (input.approval.webhook) {
      const { plan } = await lake('what would change').planWebhook(ranking)
      const verdict = await progress.approval('webhook', plan, input.approval.waitHours)
      if (verdict?.approved !== true) return { note: notApproved(verdict, input.approval.waitHours) }
      // Others may have been published while this one waited.
      const { superseded } = await lake('whether it is still the newest').planWebhook(ranking)
      if (superseded !== undefined) return { note: `not changed: the later run ${superseded} is published` }
    }
    return outside(`the best ${input.webhook.top}`).syncWebhook(ranking)
  })
  describeResult(gold.receipt.snapshotId, budget.parked === undefined)
  return {
    asOf,
    snapshotId: gold.receipt.snapshotId,
    computeUnits: budget.spent,
    ...(budget.parked === undefined ? {} : { parked: budget.parked }),
    webhook: webhook.note,
    steps: progress.steps(),
  }
}

const notApproved = (verdict: Verdict, waitHours: number): string =>
  `not changed: ${verdict === undefined ? `nobody approved it within ${waitHours} hours` : `declined by ${verdict.by}`}`

const latestSnapshot = (results: readonly { receipt: { snapshotId: number } }[]): number =>
  Math.max(...results.map(({ receipt }) => receipt.snapshotId))
