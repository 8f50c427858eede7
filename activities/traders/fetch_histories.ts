import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { cancellationSignal } from '@temporalio/activity'
import { QuotaExhausted } from '../../infra/errors.js'
import { ComputeUnitBudget } from '../../infra/http/compute_unit_budget.js'
import { atSnapshot } from '../../infra/lake/identifier.js'
import type { Lake } from '../../infra/lake/lake.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { present } from '../../infra/optional.js'
import { historyCursors } from '../../schemas/traders/bronze/history_cursors.js'
import { rejectedRows } from '../../schemas/traders/bronze/rejected_rows.js'
import { tradersBronze } from '../../schemas/traders/bronze/stage.js'
import { transactionHistory } from '../../schemas/traders/bronze/transaction_history.js'
import { commit, type Preparation } from '../commit.js'
import { commitKey } from '../commit_key.js'
import { merge } from '../merge.js'
import { currentProvenance } from '../provenance.js'
import { type SourceRange, stage } from '../write.js'
import type { BirdEyeWork } from './birdeye.js'
import { fetchHistory, type HistoryCursor, type HistoryPage } from './birdeye_history.js'
import { distinctRejections, type RejectedRow } from './bronze_rejections.js'
import type { TradersDependencies } from './dependencies.js'
import type { Fetched } from './fetched.js'
import type { Span } from './history_coverage.js'
import { type HistoriesRequest, historyWallets } from './plan_histories.js'
import { stageSwaps } from './stage_swaps.js'

export interface FetchHistoriesRequest extends HistoriesRequest {
  readonly batch: number
  readonly computeUnits: number
}

/** Enough to keep the connection busy while pages are parsed; the rate limit is the client's. */
const walletsAtOnce = 8

/**
 * Reads what is new of the swaps of one batch of wallets and commits it, with how far each was read, as one snapshot. Where the
 * quota or the batch's share of the budget ends first, what was read is committed all the same and the rest is a later run's.
 */
export const fetchHistories = (
  dependencies: Pick<TradersDependencies, 'lake' | 'codeVersion' | 'birdEye'>,
  request: FetchHistoriesRequest,
): Promise<Fetched> => {
  const { lake, codeVersion, birdEye } = dependencies
  const { asOf, batch, snapshotId, history } = request
  const budget = new ComputeUnitBudget(request.computeUnits)
  const reading = new Reading(birdEye.within(budget, cancellationSignal()), request)
  return lake.session(async (session) => {
    const wallets = await historyWallets(session, request, batch * history.walletsPerBatch, batchSize(request))
    const receipt = await commit(lake, {
      stage: tradersBronze,
      name: 'fetch_histories',
      key: commitKey({
        pipeline: 'traders',
        logicalRun: asOf,
        step: 'fetch_histories',
        shard: batch,
        decidedBy: [snapshotId, wallets, history, codeVersion],
      }),
      message: `swaps of ${wallets.length} wallets as of ${asOf}`,
      provenance: currentProvenance('traders', asOf, codeVersion),
      parameters: { batch, wallets: wallets.length },
      prepare: (own) => inScratch(lake, (folder) => reading.prepare(own, folder, wallets)),
    })
    return { receipt, computeUnits: budget.spent, ...present({ parked: reading.parked }) }
  })
}

/** Runs `work` with a folder of its own for files that DuckDB reads. */
const inScratch = async <T>(lake: Lake, work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(path.join(lake.temporaryDirectory, 'pages-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The last batch may reach past the limit of wallets. */
const batchSize = ({ batch, history: { walletsPerBatch, maxWallets } }: FetchHistoriesRequest): number =>
  Math.min(walletsPerBatch, maxWallets - batch * walletsPerBatch)

class Reading {
  parked: string | undefined
  readonly #cursors = new Map<string, HistoryCursor>()
  readonly #rejected: RejectedRow[] = []
  #read: Span | undefined

  constructor(
    private readonly birdEye: BirdEyeWork,
    private readonly request: FetchHistoriesRequest,
  ) {}

  async prepare(session: Session, folder: string, wallets: readonly string[]): Promise<Preparation> {
    const known = await readCursors(session, wallets, this.request.snapshotId)
    const histories = wallets.map((wallet) => this.#history(wallet, known.get(wallet)))
    const swaps = await stageSwaps(session, folder, this.#pages(histories))
    this.#rejected.push(...swaps.rejected)
    const cursors = await stage(session, historyCursors, this.#cursors.values())
    const rejected = await stage(session, rejectedRows, distinctRejections(this.#rejected))
    return {
      inputs: { [tradersBronze.name]: this.request.snapshotId },
      writes: [
        {
          table: transactionHistory,
          staged: swaps.staged,
          replaces: { kind: 'nothing' },
          ...present({ source: this.#source() }),
        },
        {
          table: historyCursors,
          staged: cursors,
          replaces: { kind: 'keys', columns: ['wallet_address'], relation: cursors },
        },
        { table: rejectedRows, staged: rejected, replaces: { kind: 'nothing' } },
      ],
    }
  }

  /** From the first to the last second that was read of any wallet; which of them of each wallet, its cursor says. */
  #source(): SourceRange | undefined {
    const moment = (second: number) => new Date(second * 1000).toISOString()
    return this.#read && { start: moment(this.#read.from), end: moment(this.#read.to + 1) }
  }

  /** One wallet's pages, until its end or the budget's. */
  async *#history(walletAddress: string, cursor: HistoryCursor | undefined): AsyncGenerator<HistoryPage> {
    if (this.parked !== undefined) return
    const { days, maxTransactionsPerWallet: maxTransactions } = this.request.history
    try {
      yield* fetchHistory(this.birdEye, {
        walletAddress,
        asOf: new Date(this.request.asOf),
        cursor,
        days,
        maxTransactions,
        mayLeaveUnparsed: true,
      })
    } catch (error) {
      if (!(error instanceof QuotaExhausted)) throw error
      this.parked = error.message
    }
  }

  /** The pages of all wallets as they come; what else than swaps they hold is remembered on the way. */
  async *#pages(histories: Iterable<AsyncIterable<HistoryPage>>): AsyncGenerator<HistoryPage> {
    for await (const page of merge(histories, walletsAtOnce)) {
      const { from, to } = this.#read ?? { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
      if (page.read !== undefined) this.#read = { from: Math.min(from, page.read.from), to: Math.max(to, page.read.to) }
      this.#cursors.set(page.cursor.wallet_address, page.cursor)
      this.#rejected.push(...page.rejected)
      yield page
    }
  }
}

/** How far these wallets had been read at a snapshot. */
const readCursors = async (
  session: Session,
  wallets: readonly string[],
  snapshotId: number,
): Promise<Map<string, HistoryCursor>> => {
  const rows = await session.all(
    `
    SELECT * FROM ${atSnapshot(historyCursors.name, snapshotId)}
    WHERE wallet_address IN (SELECT unnest(from_json($wallets, '["VARCHAR"]')))`,
    { wallets: JSON.stringify(wallets) },
  )
  return new Map(rows.map((row) => [String(row['wallet_address']), toCursor(row)]))
}

const toCursor = (row: JsonRow): HistoryCursor => {
  const moment = (name: string) =>
    row[name] === null ? null : new Date(String(row[name]).replace(' ', 'T').replace(/\+00$/, 'Z'))
  return {
    wallet_address: String(row['wallet_address']),
    as_of: moment('as_of') ?? new Date(0),
    covered_from: moment('covered_from'),
    covered_to: moment('covered_to'),
    unfinished_before: moment('unfinished_before'),
    read_to: moment('read_to'),
    is_complete: row['is_complete'] === true,
    transaction_count: BigInt(String(row['transaction_count'])),
  }
}
