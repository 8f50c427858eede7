import { cancellationSignal } from '@temporalio/activity'
import { QuotaExhausted } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { present } from '../../infra/optional.js'
import { rejectedRows } from '../../schemas/traders/bronze/rejected_rows.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { tokenMetrics } from '../../schemas/traders/bronze/token_metrics.js'
import type { SmartTradersInput } from '../../schemas/traders/smart_traders_input.js'
import { commit } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { currentProvenance } from '../provenance.js'
import { stage } from '../write.js'
import { selectTokens as readTokens } from './birdeye_tokens.js'
import type { TradersDependencies } from './dependencies.js'
import type { Fetched } from './fetched.js'

export interface SelectTokensRequest {
  readonly asOf: string
  readonly computeUnits: number
  readonly selection: SmartTradersInput['tokens']
}

export interface SelectedTokens extends Fetched {
  readonly tokens: number
}

/** Reads the tokens that meet the selection and commits their metrics as one snapshot: none where quota or budget ended before. */
export const selectTokens = async (
  dependencies: TradersDependencies,
  request: SelectTokensRequest,
): Promise<SelectedTokens> => {
  const { lake, codeVersion, birdEye } = dependencies
  const { asOf, selection } = request
  const budget = new ComputeUnitBudget(request.computeUnits)
  let parked: string | undefined
  const receipt = await commit(lake, {
    stage: tradersBronze,
    name: 'select_tokens',
    key: commitKey({
      pipeline: 'traders',
      logicalRun: asOf,
      step: 'select_tokens',
      decidedBy: [selection, codeVersion],
    }),
    message: `tokens as of ${asOf}`,
    provenance: currentProvenance('traders', asOf, codeVersion),
    prepare: async (session) => {
      const work = birdEye.within(budget, cancellationSignal())
      const { rows, rejected } = await readTokens(work, new Date(asOf), selection).catch((error: unknown) => {
        if (!(error instanceof QuotaExhausted)) throw error
        parked = error.message
        return { rows: [], rejected: [] }
      })
      return {
        inputs: {},
        writes: [
          { table: tokenMetrics, staged: await stage(session, tokenMetrics, rows), replaces: { kind: 'nothing' } },
          { table: rejectedRows, staged: await stage(session, rejectedRows, rejected), replaces: { kind: 'nothing' } },
        ],
      }
    },
  })
  const tokens = receipt.rows[tokenMetrics.name] ?? 0
  return { receipt, computeUnits: budget.spent, tokens, ...present({ parked }) }
}
