import type { JsonRow } from '../../../infra/lake/session.js'
import { count, money, percent, time, tokens } from '../../format.js'
import type { LongPart } from '../../readings/wallet.js'
import type { Column } from './data_table.js'
import type { Place } from './place.js'
import { direction, duration, price, shortAddress, signedMoney } from './words.js'

const token = ({ link }: Place): Column<JsonRow> => ({
  name: 'Token',
  heading: true,
  cell: ({ symbol = null, token_address }) => (
    <a class={symbol === null ? 'mono' : undefined} href={link(`/tokens/${token_address}`)}>
      {symbol === null ? shortAddress(token_address) : String(symbol)}
    </a>
  ),
})

const amount = (name: string, column: string, minor = false): Column<JsonRow> => ({
  name,
  kind: 'number',
  minor,
  cell: ({ [column]: value }) => <span class={direction(value)}>{signedMoney(value)}</span>,
})

const quantity: Column<JsonRow> = {
  name: 'Quantity',
  kind: 'number',
  minor: true,
  cell: ({ quantity_raw, decimals }) => tokens(quantity_raw, decimals),
}

const transaction = (name: string, column: string): Column<JsonRow> => ({
  name,
  minor: true,
  cell: ({ [column]: hash }) => <span class="mono">{shortAddress(hash)}</span>,
})

export const pnlColumns = (place: Place): readonly Column<JsonRow>[] => [
  token(place),
  amount('Realized USD', 'realized_pnl_usd'),
  amount('Open USD', 'unrealized_pnl_usd'),
  { name: 'Open cost USD', kind: 'number', minor: true, cell: ({ open_cost_usd }) => money(open_cost_usd) },
  { name: 'Market price', kind: 'number', minor: true, cell: ({ market_price_usd }) => price(market_price_usd) },
  amount('Total USD', 'total_pnl_usd'),
  { name: 'ROI', kind: 'number', cell: ({ roi }) => percent(roi) },
  { name: 'Win rate', kind: 'number', minor: true, cell: ({ win_rate }) => percent(win_rate) },
  { name: 'Buys', kind: 'number', minor: true, cell: ({ buy_count }) => count(buy_count) },
  { name: 'Sales', kind: 'number', minor: true, cell: ({ sell_count }) => count(sell_count) },
  { name: 'Coverage', kind: 'number', minor: true, cell: ({ coverage }) => percent(coverage) },
]

export const longNames: Readonly<Record<LongPart, { readonly title: string; readonly caption: string }>> = {
  lot_matches: { title: 'Lots sold', caption: 'Which part of which buy each sale sold, the newest sale first' },
  open_lots: { title: 'Lots still open', caption: 'What is left of each buy, the newest first' },
  trades: { title: 'Trades', caption: 'Every trade, the newest first' },
}

/** The columns of each long part of a wallet's page. */
export const longColumns: Readonly<Record<LongPart, (place: Place) => readonly Column<JsonRow>[]>> = {
  lot_matches: (place) => [
    { name: 'Sold at', kind: 'time', cell: ({ sold_at }) => time(sold_at) },
    token(place),
    quantity,
    { name: 'Cost USD', kind: 'number', cell: ({ cost_usd }) => money(cost_usd) },
    { name: 'Proceeds USD', kind: 'number', cell: ({ proceeds_usd }) => money(proceeds_usd) },
    amount('PnL USD', 'pnl_usd'),
    { name: 'Held', kind: 'number', minor: true, cell: ({ held_seconds }) => duration(held_seconds) },
    {
      name: 'Sale, buy',
      kind: 'number',
      minor: true,
      cell: ({ sell_sequence, buy_sequence }) => `#${sell_sequence}, #${buy_sequence}`,
    },
    transaction('Sale', 'sell_tx_hash'),
  ],
  open_lots: (place) => [
    { name: 'Bought at', kind: 'time', cell: ({ bought_at }) => time(bought_at) },
    token(place),
    quantity,
    { name: 'Cost USD', kind: 'number', cell: ({ cost_usd }) => money(cost_usd) },
    { name: 'Buy', kind: 'number', cell: ({ sequence }) => `#${sequence}` },
    transaction('Transaction', 'tx_hash'),
  ],
  trades: (place) => [
    { name: 'Time', kind: 'time', cell: ({ block_time }) => time(block_time) },
    token(place),
    { name: 'Side', cell: ({ side }) => <span class={side === 'buy' ? 'up' : 'down'}>{String(side)}</span> },
    quantity,
    { name: 'Value USD', kind: 'number', cell: ({ value_usd }) => money(value_usd) },
    { name: 'Valued by', minor: true, cell: ({ valuation }) => String(valuation) },
    { name: 'No.', kind: 'number', minor: true, cell: ({ sequence }) => `#${sequence}` },
    transaction('Transaction', 'tx_hash'),
  ],
}
