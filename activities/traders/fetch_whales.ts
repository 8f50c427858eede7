import { cancellationSignal } from '@temporalio/activity'
import { QuotaExhausted } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Session } from '../../infra/lake/session.js'
import { present } from '../../infra/optional.js'
import { rejectedRows } from '../../schemas/traders/bronze/rejected_rows.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { whaleHolders } from '../../schemas/traders/bronze/whale_holders.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import { commit, type Preparation } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import { stage } from '../write.js'
import type { BirdEyeWork } from './birdeye.js'
import type { RejectedRow } from './bronze_rejections.js'
import { fetchWhales as readWhales, type WhaleRow } from './bronze_whales.js'
import type { TradersDependencies } from './dependencies.js'
import type { Fetched } from './fetched.js'

export interface FetchWhalesRequest {
  readonly asOf: string
  readonly computeUnits: number
  readonly batch: number
  /** The snapshot that holds the run's tokens. */
  readonly snapshotId: number
  readonly whales: SmartTradersInput['whales']
}

/** Each token is some sixty pages one after another; a few tokens at once keep the rate limit busy. */
const tokensAtOnce = 4

/**
 * Reads who holds and trades one batch of the run's tokens and commits it as one snapshot. Where quota or budget end first, the
 * tokens read by then are committed and the rest is left out of this run.
 */
export const fetchWhales = (dependencies: TradersDependencies, request: FetchWhalesRequest): Promise<Fetched> => {
  const { lake, codeVersion, birdEye } = dependencies
  const { asOf, batch, snapshotId, whales } = request
  const budget = new ComputeUnitBudget(request.computeUnits)
  const work = birdEye.within(budget, cancellationSignal())
  return lake.session(async (session) => {
    const tokens = await batchOfTokens(session, request)
    let parked: string | undefined
    const receipt = await commit(lake, {
      stage: tradersBronze,
      name: 'fetch_whales',
      key: commitKey({
        pipeline: 'traders',
        logicalRun: asOf,
        step: 'fetch_whales',
        shard: batch,
        decidedBy: [snapshotId, tokens, whales, codeVersion],
      }),
      message: `holders and traders of ${tokens.length} tokens as of ${asOf}`,
      provenance: currentProvenance('traders', asOf, codeVersion),
      parameters: { batch, tokens: tokens.length },
      prepare: async (own) => {
        const found = await readTokens(work, new Date(asOf), tokens, whales)
        parked = found.parked
        return preparation(own, found, snapshotId)
      },
    })
    return { receipt, computeUnits: budget.spent, ...present({ parked }) }
  })
}

const batchOfTokens = async (
  session: Session,
  { asOf, batch, snapshotId, whales }: FetchWhalesRequest,
): Promise<string[]> => {
  const rows = await session.all(
    `
    SELECT token_address FROM ${atSnapshot('traders_bronze.token_metrics', snapshotId)}
    WHERE as_of = $as_of::TIMESTAMPTZ ORDER BY selection_rank, token_address LIMIT $limit OFFSET $offset`,
    { as_of: asOf, limit: BigInt(whales.tokensPerBatch), offset: BigInt(batch * whales.tokensPerBatch) },
  )
  return rows.map(({ token_address }) => String(token_address))
}

interface Found {
  readonly rows: WhaleRow[]
  readonly rejected: RejectedRow[]
  parked?: string
}

const readTokens = async (
  work: BirdEyeWork,
  asOf: Date,
  tokens: readonly string[],
  whales: FetchWhalesRequest['whales'],
): Promise<Found> => {
  const found: Found = { rows: [], rejected: [] }
  const waiting = [...tokens]
  const lane = async () => {
    for (let token = waiting.shift(); token !== undefined && found.parked === undefined; token = waiting.shift()) {
      try {
        const { rows, rejected } = await readWhales(work, asOf, token, whales)
        found.rows.push(...rows)
        found.rejected.push(...rejected)
      } catch (error) {
        if (!(error instanceof QuotaExhausted)) throw error
        found.parked = error.message
      }
    }
  }
  await Promise.all(Array.from({ length: tokensAtOnce }, lane))
  return found
}

const preparation = async (session: Session, { rows, rejected }: Found, snapshotId: number): Promise<Preparation> => ({
  inputs: { [tradersBronze.name]: snapshotId },
  writes: [
    { table: whaleHolders, staged: await stage(session, whaleHolders, rows), replaces: { kind: 'nothing' } },
    { table: rejectedRows, staged: await stage(session, rejectedRows, rejected), replaces: { kind: 'nothing' } },
  ],
})
