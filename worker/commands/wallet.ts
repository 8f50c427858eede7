import { InvalidInput } from '../../infra/errors.js'
import type { JsonRow, Session } from '../../infra/lake/session.js'
import { money, percent, time, tokens } from '../format.js'
import type { Output } from '../output.js'
import { type LakeView, lakeView } from '../readings/lake_view.js'
import { readWalletPart, type WalletPart, walletParts } from '../readings/wallet.js'

/** Lots and trades of a busy wallet fill screens; `--json` has them all. */
const shownRows = 20

type Explanation = Record<WalletPart, JsonRow[]>

/** Explains one wallet from its verdict down to its lots, each figure with the rows it is made of. */
export const printWallet = async (session: Session, output: Output, address: string): Promise<void> => {
  const view = await lakeView(session, undefined)
  if (view.moment.published === undefined) {
    throw new InvalidInput('no run is published yet: npx tributary run traders --wait makes one')
  }
  const wallet = await explain(view, address)
  if (wallet.trades.length === 0 && wallet.verdicts.length === 0) {
    throw new InvalidInput(
      `no trade of the wallet "${address}" is in the lake; npx tributary top lists wallets that are`,
    )
  }
  output.document({ wallet_address: address, ...wallet }, () => {
    const [rank] = wallet.ranking
    output.line(
      rank === undefined
        ? `${address} is not ranked`
        : `${address}: rank ${rank['rank']}, ${rank['tier']}\n${rank['reasons']}`,
    )
    const decimals = new Map(wallet.trades.map((trade) => [trade['token_address'], trade['decimals']]))
    const amount = (row: JsonRow) => tokens(row['quantity_raw'], decimals.get(row['token_address'] ?? ''))
    section(output, 'Verdict', wallet.verdicts.map(verdictCells))
    section(output, 'Profit and loss, first in first out', wallet.pnl.filter(hasTrades).map(pnlCells))
    section(
      output,
      'Lots sold',
      wallet.lot_matches.map((row) => lotCells(row, amount(row))),
    )
    section(
      output,
      'Lots still open',
      wallet.open_lots.map((row) => openLotCells(row, amount(row))),
    )
    section(
      output,
      'Trades',
      wallet.trades.map((row) => tradeCells(row, amount(row))),
    )
  })
}

const explain = async (view: LakeView, address: string): Promise<Explanation> => {
  const explanation: Explanation = { ranking: [], verdicts: [], pnl: [], lot_matches: [], open_lots: [], trades: [] }
  for (const part of walletParts) explanation[part] = await readWalletPart(view, part, address)
  return explanation
}

const section = (output: Output, title: string, rows: readonly JsonRow[]): void => {
  const more = rows.length > shownRows ? `, the first ${shownRows} of ${rows.length} (--json has all)` : ''
  output.line(`\n${title}${more}`)
  output.rows(rows.slice(0, shownRows), 'none')
}

const hasTrades = (row: JsonRow): boolean => row['first_trade_at'] !== null

const verdictCells = ({ rule = '', passed = false, explanation = '' }: JsonRow): JsonRow => ({
  rule,
  verdict: passed === true ? 'pass' : 'FAIL',
  explanation,
})

const pnlCells = (row: JsonRow): JsonRow => ({
  token: row['token_address'] ?? '',
  timeframe: row['timeframe'] ?? '',
  buys: row['buy_count'] ?? '',
  sales: row['sell_count'] ?? '',
  'realized USD': money(row['realized_pnl_usd']),
  'unrealized USD': money(row['unrealized_pnl_usd']),
  ROI: percent(row['roi']),
  'win rate': percent(row['win_rate']),
  coverage: percent(row['coverage']),
})

const lotCells = (row: JsonRow, quantity: string): JsonRow => ({
  'sold at': time(row['sold_at']),
  'bought at': time(row['bought_at']),
  token: row['token_address'] ?? '',
  quantity,
  'cost USD': money(row['cost_usd'], 6),
  'proceeds USD': money(row['proceeds_usd'], 6),
  'sale, buy': `#${row['sell_sequence']}, #${row['buy_sequence']}`,
})

const openLotCells = (row: JsonRow, quantity: string): JsonRow => ({
  'bought at': time(row['bought_at']),
  token: row['token_address'] ?? '',
  quantity,
  'cost USD': money(row['cost_usd'], 6),
  buy: `#${row['sequence']}`,
})

const tradeCells = (row: JsonRow, quantity: string): JsonRow => ({
  time: time(row['block_time']),
  token: row['token_address'] ?? '',
  trade: `#${row['sequence']} ${row['side']}`,
  quantity,
  'value USD': money(row['value_usd'], 6),
  valued: row['valuation'] ?? '',
  transaction: row['tx_hash'] ?? '',
})
