import { commit, type Step } from '../../activities/commit.js'
import { commitKey } from '../../activities/commit_key.js'
import { deriveStage } from '../../activities/derive.js'
import type { Receipt } from '../../activities/receipt.js'
import { inLake, quotedIdentifier } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import { stageRows } from '../../infra/stage_rows.js'
import type { Row, Stage, Table } from '../../schemas/table.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { tradersGold } from '../../schemas/traders/gold/stage.js'
import { tradersSilver } from '../../schemas/traders/silver/stage.js'
import { smartTradersInput } from '../../schemas/traders/smart_traders_input.js'

export type Swap = Row<typeof transactionHistory>

const start = Date.parse('2026-11-01T00:00:00Z')
const hourMs = 3_600_000

/** Swap `n` of a wallet: buys and sales of three tokens against SOL, sizes and prices varied by n alone. */
const swap = (wallet: number, n: number): Swap => {
  const isBuy = n % 3 !== 2
  const quantity = BigInt(1_000 + ((wallet * 7_919 + n * 104_729) % 9_000))
  const lamports = BigInt(1_000_000 + ((wallet * 31 + n * 17) % 997) * 1_000)
  return {
    ...transactionHistory.example,
    wallet_address: `wallet-${String(wallet).padStart(2, '0')}`,
    tx_hash: `tx-${wallet}-${n}`,
    block_time: new Date(start + n * hourMs),
    block_number: BigInt(n),
    base_address: `token-${n % 2 === 0 ? wallet % 3 : 2}`,
    base_change_raw: isBuy ? quantity : -quantity,
    base_price_usd: null,
    quote_change_raw: isBuy ? -lamports : lamports,
    quote_price_usd: 150 + (n % 11),
    volume_usd: null,
  }
}

export const asOf = (n: number): string => new Date(start + n * hourMs).toISOString()

const provenance = (logicalRun: string) => ({
  pipeline: 'traders',
  logicalRun,
  workflowId: `traders/smart-traders/${logicalRun}`,
  attempt: 1,
  codeVersion: 'test',
})

/** Commits swaps as the run of this logical time does. */
export const load = (lake: Lake, logicalRun: string, swaps: readonly Swap[]): Promise<Receipt> =>
  commit(lake, {
    stage: tradersBronze,
    key: commitKey({ pipeline: 'traders', logicalRun, step: 'fetch_histories', decidedBy: ['test'] }),
    name: 'fetch_histories',
    message: `swaps as of ${logicalRun}`,
    provenance: provenance(logicalRun),
    prepare: async (session) => {
      await stageRows(session.connection, 'swaps', transactionHistory, swaps)
      return {
        writes: [{ table: transactionHistory, staged: quotedIdentifier('swaps'), replaces: { kind: 'nothing' } }],
        inputs: {},
      }
    },
  })

interface Derive {
  readonly stage?: Stage
  readonly everything?: boolean
  readonly parameters?: Readonly<Record<string, number>>
}

/** The step that derives silver, or another stage, from a snapshot as the run of this logical time does. */
export const deriveStep = (snapshotId: number, as_of: string, given: Derive = {}): Step => {
  const { stage = tradersSilver, everything = false } = given
  const step = stage.name.replace('traders_', 'derive_')
  const parameters = { ...given.parameters, as_of }
  return {
    stage,
    key: commitKey({ pipeline: 'traders', logicalRun: as_of, step, decidedBy: [snapshotId, parameters, everything] }),
    name: step,
    message: `${step} as of ${as_of}`,
    provenance: provenance(as_of),
    parameters,
    prepare: (session) => deriveStage(session, { stage, step, snapshotId, parameters, everything }),
  }
}

export const derive = (lake: Lake, ...how: Parameters<typeof deriveStep>): Promise<Receipt> =>
  commit(lake, deriveStep(...how))

const goldParameters = Object.fromEntries(
  Object.entries(smartTradersInput.parse({}).gold ?? {}).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]),
)

/** A whole run: swaps, silver, gold. */
export const runTraders = async (
  lake: Lake,
  logicalRun: string,
  swaps: readonly Swap[],
): Promise<{ bronze: Receipt; silver: Receipt; gold: Receipt }> => {
  const bronze = await load(lake, logicalRun, swaps)
  const silver = await derive(lake, bronze.snapshotId, logicalRun)
  const gold = await derive(lake, silver.snapshotId, logicalRun, { stage: tradersGold, parameters: goldParameters })
  return { bronze, silver, gold }
}

/** Every row of these tables, in order: equality here is equality to the last digit. */
export const contents = (lake: Lake, tables: readonly Table[] = tradersSilver.tables): Promise<unknown> =>
  lake.session(async (session) => {
    const found: Record<string, unknown> = {}
    for (const { name, key } of tables) {
      found[name] = await session.all(`SELECT * FROM ${inLake(name)} ORDER BY ${key.map(quotedIdentifier).join(', ')}`)
    }
    return found
  })

export const wallets = Array.from({ length: 12 }, (_, wallet) => wallet)
export const rows = (from: number, to: number, of: readonly number[] = wallets): Swap[] =>
  of.flatMap((wallet) => Array.from({ length: to - from }, (_, n) => swap(wallet, from + n)))
