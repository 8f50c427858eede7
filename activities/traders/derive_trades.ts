import type { Lake } from '../../infra/lake/lake.js'
import type { Session } from '../../infra/lake/session.js'
import { currentSnapshotId } from '../../infra/lake/version.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { webhookEvents } from '../../schemas/traders/bronze/webhook_events.js'
import { tradersLive } from '../../schemas/traders/live/stage.js'
import { derivationFingerprint } from '../derive.js'
import { commitDerived } from '../derive_step.js'
import { latestReceipt, type Receipt } from '../receipt.js'

export interface TradesRequest {
  readonly asOf: string
}

export interface DerivedTrades {
  /** Nothing where no transaction has come since. */
  readonly receipt?: Receipt
  readonly note: string
}

const step = 'derive_trades'

/** Turns the transactions that Helius told of since the last time into trades. */
export const deriveTrades = async (
  lake: Lake,
  codeVersion: string,
  { asOf }: TradesRequest,
): Promise<DerivedTrades> => {
  const { snapshotId, news } = await lake.session(async (session) => {
    const current = await currentSnapshotId(session)
    return { snapshotId: current, news: await newTransactions(session, current) }
  })
  if (news === 0) return { note: 'nothing new' }
  const receipt = await commitDerived(lake, codeVersion, {
    pipeline: tradersLive.name,
    stage: tradersLive,
    step,
    snapshotId,
    parameters: { as_of: asOf },
  })
  return { receipt, note: news === undefined ? 'all transactions' : `${news} transactions` }
}

/** How many transactions no trades were derived from yet; undefined where that cannot be told, and all are to be looked at. */
const newTransactions = async (session: Session, snapshotId: number): Promise<number | undefined> => {
  const previous = await latestReceipt(session, tradersLive.name, step)
  if (previous?.derivationFingerprint !== derivationFingerprint(tradersLive)) return undefined
  const from = (previous.inputs[tradersBronze.name] ?? 0) + 1
  if (from > snapshotId) return 0
  const [schema, name] = webhookEvents.name.split('.')
  const changed = (what: string) =>
    `(SELECT count(*) FROM ducklake_table_${what}('lake', '${schema}', '${name}', ${from}, ${snapshotId}))`
  try {
    const { news } = await session.one(`SELECT ${changed('insertions')} + ${changed('deletions')} AS news`)
    return Number(news)
  } catch (error) {
    // The snapshots between have expired.
    if (error instanceof Error && /snapshot/i.test(error.message)) return undefined
    throw error
  }
}
